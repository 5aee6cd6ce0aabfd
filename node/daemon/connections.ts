import type { JobChain } from "../chain/chain.ts";
import type { Address } from "../core/bytes.ts";
import { messageOf, PacelineError } from "../core/errors.ts";
import type { Member } from "../core/roundView.ts";
import type { Network } from "../network/network.ts";

/** Waits before missing connections are tried again, in milliseconds: soon at first, while everybody starts. */
const FIRST_RETRY_MS = 200;
const LAST_RETRY_MS = 3_000;

export interface ConnectionsOptions {
  readonly chain: JobChain;
  readonly network: Network;
  readonly members: () => readonly Member[];
  readonly onProblem: (error: unknown) => void;
}

/**
 * Publishes where this peer can be dialled and keeps a connection to every member. The higher address dials first, so
 * that two peers do not dial each other at the same moment; the other one follows if nothing came.
 * @returns stops
 */
export function keepConnected({ chain, network, members, onProblem }: ConnectionsOptions): () => void {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let announced = false;
  let attempt = 0;

  const round = async (): Promise<void> => {
    announced ||= await announce(chain, network).catch((error: unknown) => {
      onProblem(error); // without gas money it can still dial the others
      return false;
    });
    const connected = new Set(network.peers());
    const missing = members()
      .filter(({ active, operator }) => active && operator !== network.self && !connected.has(operator))
      .map(({ operator }) => operator)
      .filter((operator) => attempt > 0 || operator < network.self);
    if (missing.length === 0) return;
    const contacts = await chain.contacts(missing);
    await Promise.all([...contacts].map(([operator, contact]) => dial(network, operator, contact, onProblem)));
  };
  const loop = (): void => {
    round()
      .catch(onProblem)
      .finally(() => {
        attempt++;
        if (!stopped) timer = setTimeout(loop, Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** attempt));
      });
  };
  loop();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

/** Writes this peer's addresses to the registry, unless they stand there already. */
async function announce(chain: JobChain, network: Network): Promise<boolean> {
  const contact = network.contacts().join(" ");
  const known = (await chain.contacts([network.self])).get(network.self);
  if (known !== contact && contact !== "") await chain.setContact(contact);
  return true;
}

async function dial(
  network: Network,
  operator: Address,
  contact: string,
  onProblem: (error: unknown) => void,
): Promise<void> {
  try {
    await network.connect(contact.split(" "));
  } catch (error) {
    const code = error instanceof PacelineError ? error.code : "timeout";
    onProblem(new PacelineError(code, `${operator} cannot be reached: ${messageOf(error)}`, { operator }, error));
  }
}
