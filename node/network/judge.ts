import { hash } from "node:crypto";
import { Allowances, type Rate } from "../core/allowance.ts";
import type { Address } from "../core/bytes.ts";
import { MAX_MESSAGE_BYTES, type Verdict } from "./network.ts";

const MAX_REMEMBERED = 16_384;
/** What one peer may deliver, its own messages and others': some seconds of a large federation's at once, and more than one says in between. */
const SENDERS_RATE: Rate = { burst: 4_096, perSecond: 512 };
const MAX_SENDERS = 4_096;

interface Judged {
  readonly verdict: Promise<Verdict>;
  /** Who delivered it first; undefined for this peer's own. */
  readonly from: Address | undefined;
}

/**
 * Judges each message once, however often and by whomever it is delivered. A copy that comes again (its author published it again
 * for the peers that joined later) gets the verdict of the first, so that it is forwarded without being handled twice. Only what was
 * ignored is judged anew: it may have come before its time. What is rejected is held against the peer that brought it first.
 */
export class Judge {
  readonly #onMessage: (message: Uint8Array, from: Address) => Promise<Verdict>;
  readonly #now: () => number;
  readonly #judged = new Map<string, Judged>();
  readonly #senders = new Allowances<Address>(SENDERS_RATE, MAX_SENDERS);
  #received = 0;

  /** @param now milliseconds */
  constructor(
    onMessage: (message: Uint8Array, from: Address) => Promise<Verdict>,
    now: () => number = () => performance.now(),
  ) {
    this.#onMessage = onMessage;
    this.#now = now;
  }

  /** Messages that were handed to the validator. */
  get received(): number {
    return this.#received;
  }

  /** This peer's own message: it is not delivered to itself, whoever brings it back. */
  publishedHere(message: Uint8Array): void {
    this.#remember(messageId(message), { verdict: Promise.resolve("accepted"), from: undefined });
  }

  async judge(message: Uint8Array, from: Address): Promise<Verdict> {
    if (message.length > MAX_MESSAGE_BYTES) return "rejected";
    if (!this.#senders.take(from, this.#now() / 1000)) return "ignored";
    const id = messageId(message);
    const known = this.#judged.get(id);
    if (known !== undefined) return this.#again(known, from);
    this.#received++;
    // A validator that fails has not found the sender at fault.
    const verdict = this.#onMessage(message, from).catch((): Verdict => "ignored");
    this.#remember(id, { verdict, from });
    if ((await verdict) === "ignored") this.#judged.delete(id);
    return verdict;
  }

  /** Whoever passes on what another brought may have seen something else of the chain. */
  async #again(known: Judged, from: Address): Promise<Verdict> {
    const verdict = await known.verdict;
    return verdict === "rejected" && known.from !== from ? "ignored" : verdict;
  }

  #remember(id: string, judged: Judged): void {
    if (this.#judged.has(id)) return;
    this.#judged.set(id, judged);
    if (this.#judged.size > MAX_REMEMBERED) this.#judged.delete(this.#judged.keys().next().value as string);
  }
}

export function messageId(message: Uint8Array): string {
  return hash("sha256", message, "base64");
}
