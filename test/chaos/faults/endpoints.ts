import type { Fault, Needs } from "../fault.ts";
import type { EndpointState } from "../rpcEndpoint.ts";

const OUTAGE_SECONDS = 20;
const LAG: EndpointState = { delayMs: 1000, behindMs: 4000 };

/**
 * @param state of the endpoints of two members, the first seat's among them
 * @param endpoints with another one beside it, nobody may miss anything
 */
function endpointFault(
  name: string,
  what: string,
  state: EndpointState,
  endpoints: NonNullable<Needs["endpoints"]> = "alone",
): Fault {
  return {
    name,
    what,
    needs: { endpoints },
    async strike({ ground, victim }) {
      const members = [victim, (victim + 1) % ground.size];
      for (const member of members) ground.endpoints[member]!.set(state);
      return {
        members: endpoints === "alone" ? members : [],
        seconds: OUTAGE_SECONDS,
        heal: async () => {
          for (const member of members) ground.endpoints[member]!.set("serves");
        },
      };
    },
  };
}

export const deadRpc = endpointFault(
  "dead RPC",
  `two daemons' endpoints, the first seat's among them, refuse connections for ${OUTAGE_SECONDS} s`,
  "dead",
);

export const hangingRpc = endpointFault(
  "hanging RPC",
  `the same endpoints accept connections and answer nothing for ${OUTAGE_SECONDS} s`,
  "hangs",
);

export const hangingFirstRpc = endpointFault(
  "hanging first RPC",
  "the same happens to two daemons that have a second endpoint each: nobody may be fined",
  "hangs",
  "first of two",
);

export const laggingRpc = endpointFault(
  "lagging RPC",
  `the same endpoints answer after a second with the chain of 4 s ago, for ${OUTAGE_SECONDS} s`,
  LAG,
);
