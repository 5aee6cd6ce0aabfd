import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { jobContracts } from "../jobContracts.ts";

/** A billion PACE, in wei. */
const SUPPLY = 10n ** 27n;

/**
 * Open mode: anyone registers, anyone opens a job, and nobody has any power over the contracts. Brings its own token.
 *
 * Parameters: `tokenHolder` (the deployer), `supply` of the token in wei, and what the terms of every job must keep to:
 * `minPhaseSeconds` (1), `minCommitteeSize` (3), `maxWeightCap` (2^24 - 1).
 */
export default buildModule("Paceline", (module) => {
  const holder = module.getParameter("tokenHolder", module.getAccount(0));
  const token = module.contract("PaceToken", [holder, module.getParameter("supply", SUPPLY)]);
  const registry = module.contract("Registry");
  const parts = jobContracts(module, registry);
  const { implementation, treasury } = parts;
  const factory = module.contract("JobFactory", [
    implementation,
    treasury,
    module.getParameter("minPhaseSeconds", 1),
    module.getParameter("minCommitteeSize", 3),
    module.getParameter("maxWeightCap", 2 ** 24 - 1),
  ]);
  module.call(treasury, "bind", [factory]);
  return { token, registry, ...parts, factory };
});
