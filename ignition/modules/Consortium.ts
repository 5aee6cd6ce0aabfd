import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { jobContracts } from "../jobContracts.ts";

const WEEK_SECONDS = 7 * 24 * 3_600;

/**
 * A consortium that brings its own token: an admin keeps the list of wallets and bounds the terms of new jobs, sponsors open
 * them. The roles are complete when ConsortiumAccess is made; the deployer has none.
 *
 * Parameters without a default: `token` (ERC-20 of pools and stakes), `admin`, `sponsors` (a list). With one: `adminDelay`
 * in seconds (0), `wallets` on the list from the start (none), and the bounds of new jobs, as in IConsortiumJobFactory's
 * TermBounds: `minPhaseSeconds` (1), `maxPhaseSeconds` (a week), `minStake` in wei (0), `maxSlashPermille` (1000),
 * `minCommitteeSize` (3).
 */
export default buildModule("Consortium", (module) => {
  // Any ERC-20: PaceToken's interface is no more than that.
  const token = module.contractAt("PaceToken", module.getParameter<string>("token"));
  // A mistyped address ends the deployment before anything is paid for: all else waits for this answer.
  const isToken = module.staticCall(token, "totalSupply");
  const access = module.contract(
    "ConsortiumAccess",
    [
      module.getParameter<string>("admin"),
      module.getParameter("adminDelay", 0),
      module.getParameter<string[]>("sponsors"),
    ],
    { after: [isToken] },
  );
  const registry = module.contract("ConsortiumRegistry", [access, module.getParameter<string[]>("wallets", [])]);
  const parts = jobContracts(module, registry);
  const { implementation, treasury } = parts;
  const minPhaseSeconds = module.getParameter("minPhaseSeconds", 1);
  const bounds = {
    token,
    minStake: module.getParameter("minStake", 0n),
    maxSlashPermille: module.getParameter("maxSlashPermille", 1_000),
    minCommitteeSize: module.getParameter("minCommitteeSize", 3),
    minPhaseSeconds,
    maxPhaseSeconds: module.getParameter("maxPhaseSeconds", WEEK_SECONDS),
  };
  const factory = module.contract("ConsortiumJobFactory", [implementation, treasury, minPhaseSeconds, access, bounds]);
  module.call(treasury, "bind", [factory]);
  return { token, access, registry, ...parts, factory };
});
