import type { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

type Builder = Parameters<Parameters<typeof buildModule>[1]>[0];
type Contract = Parameters<Builder["call"]>[0];

/**
 * What jobs are made of, the same in every deployment. The factory is made after it and then bound to the treasury: `bind`
 * works once, and before it the treasury can hold nothing, so that no power stays with the deployer. (A predicted address
 * would save that transaction, and a transaction that fails in between would ruin the prediction.)
 */
export function jobContracts(module: Builder, registry: Contract) {
  const treasury = module.contract("Treasury", [registry]);
  const court = module.contract("Court", [registry]);
  const desk = module.contract("JobDesk", [registry, treasury, court]);
  const implementation = module.contract("Job", [registry, treasury, court, desk]);
  return { treasury, court, desk, implementation };
}
