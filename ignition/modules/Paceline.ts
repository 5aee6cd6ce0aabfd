import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/** A billion PACE, in wei. */
const SUPPLY = 10n ** 27n;

/**
 * All contracts, bound to each other. The deployer holds the token's supply and has no power over anything else: `bind` works
 * once.
 */
export default buildModule("Paceline", (module) => {
  const token = module.contract("PaceToken", [module.getAccount(0), module.getParameter("supply", SUPPLY)]);
  const registry = module.contract("Registry");
  const treasury = module.contract("Treasury");
  const court = module.contract("Court");
  const implementation = module.contract("Job", [registry, treasury, court]);
  const factory = module.contract("JobFactory", [implementation, treasury]);
  module.call(treasury, "bind", [factory]);
  return { token, registry, treasury, court, implementation, factory };
});
