import type { JobChain } from "../../chain/chain.ts";
import type { Address } from "../../core/bytes.ts";
import { messageOf, PacelineError } from "../../core/errors.ts";
import type { Member } from "../../core/roundView.ts";
import { BackOff } from "../../network/backOff.ts";
import type { Network } from "../../network/network.ts";
import { AnnouncedContact } from "./announcedContact.ts";
import { machineClock, type Clock } from "../time/clock.ts";

/** Waits before it is looked again who is missing, in milliseconds: soon at first, while everybody starts. */
const FIRST_LOOK_MS = 200;
const LAST_LOOK_MS = 3_000;
/** Waits before a member that was not reached is tried again. */
const FIRST_RETRY_MS = 200;
const LAST_RETRY_MS = 15_000;
/** Members dialled at a time, and connected before only those are dialled that the round has drawn. */
const MAX_AT_ONCE = 32;
const ENOUGH_CONNECTED = 160;

export interface ConnectionsOptions {
  readonly chain: JobChain;
  readonly network: Network;
  readonly members: () => readonly Member[];
  /** Ids of members that the round has drawn: these are wanted most. */
  readonly drawn?: () => readonly number[];
  readonly onProblem: (error: unknown) => void;
  /** In [0, 1), so that peers do not dial at the same moments. */
  readonly random?: () => number;
  readonly clock?: Clock;
}

/**
 * Publishes where this peer can be dialled and keeps a connection to every member. The higher address dials first, so
 * that two peers do not dial each other at the same moment; the other one follows if nothing came.
 * @returns stops
 */
export function keepConnected(options: ConnectionsOptions): () => void {
  const { chain, network, onProblem, random = Math.random, clock = machineClock } = options;
  const now = (): number => clock.now() * 1_000;
  const backOff = new BackOff({ firstMs: FIRST_RETRY_MS, lastMs: LAST_RETRY_MS, now, random });
  const announced = new AnnouncedContact(chain, network, now);
  let stopped = false;
  let forget = (): void => undefined;
  let attempt = 0;

  const round = async (): Promise<void> => {
    await announced.update().catch(onProblem); // without gas money it can still dial the others
    const missing = missingOperators(options)
      .filter((operator) => (attempt > 0 || operator < network.self) && backOff.isDue(operator))
      .slice(0, MAX_AT_ONCE);
    if (missing.length === 0 || stopped) return;
    // While no endpoint answers, what is remembered has to do.
    const published = await chain.contacts(missing).catch((error: unknown) => (onProblem(error), NOTHING));
    const located = await network.locate(missing, splitContacts(published));
    await Promise.all(missing.map((operator) => dial(operator, located.get(operator))));
  };
  const dial = async (operator: Address, contacts: readonly string[] | undefined): Promise<void> => {
    try {
      if (contacts === undefined) throw new PacelineError("not-found", "it has published no address of its own");
      await network.connect(contacts);
      backOff.succeed(operator);
    } catch (error) {
      backOff.fail(operator);
      const code = error instanceof PacelineError ? error.code : "timeout";
      if (code !== "closed")
        onProblem(new PacelineError(code, `${operator} cannot be reached: ${messageOf(error)}`, { operator }, error));
    }
  };
  const loop = (): void => {
    round()
      .catch(onProblem)
      .finally(() => {
        attempt++;
        const wait = Math.min(LAST_LOOK_MS, FIRST_LOOK_MS * 2 ** attempt);
        if (!stopped) forget = clock.after((wait * (0.75 + random() / 4)) / 1_000, loop);
      });
  };
  loop();
  return () => {
    stopped = true;
    forget();
  };
}

const NOTHING: ReadonlyMap<Address, string> = new Map();

/** Active members without a connection, those that the round has drawn first. */
function missingOperators({ network, members, drawn }: ConnectionsOptions): readonly Address[] {
  const connected = new Set(network.peers());
  const all = members();
  const wanted = (drawn?.() ?? []).flatMap((id) => all[id] ?? []);
  const others = connected.size < ENOUGH_CONNECTED ? all : [];
  const missing = [...wanted, ...others]
    .filter(({ active, ejected, operator }) => active && !ejected && operator !== network.self)
    .map(({ operator }) => operator);
  return [...new Set(missing)].filter((operator) => !connected.has(operator));
}

function splitContacts(published: ReadonlyMap<Address, string>): ReadonlyMap<Address, readonly string[]> {
  return new Map(
    [...published].map(([operator, contact]) => [operator, contact.split(" ").filter((text) => text !== "")]),
  );
}
