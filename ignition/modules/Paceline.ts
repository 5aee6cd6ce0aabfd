import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { jobContracts } from "../jobContracts.ts";

/** A billion PACE, in wei. */
const SUPPLY = 10n ** 27n;

/**
 * Open mode: anyone registers, anyone opens a job, and nobody has any power over the contracts. Brings its own token.
 *
 * Parameters: `tokenHolder` (the deployer), `supply` of the token in wei, `minPhaseSeconds` (1): no phase of a job may be
 * shorter.
 */
export default buildModule("Paceline", (module) => {
  const holder = module.getParameter("tokenHolder", module.getAccount(0));
  const token = module.contract("PaceToken", [holder, module.getParameter("supply", SUPPLY)]);
  const registry = module.contract("Registry");
  const parts = jobContracts(module, registry);
  const { implementation, treasury } = parts;
  const factory = module.contract("JobFactory", [implementation, treasury, module.getParameter("minPhaseSeconds", 1)]);
  module.call(treasury, "bind", [factory]);
  return { token, registry, ...parts, factory };
});
