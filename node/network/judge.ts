import { hash } from "node:crypto";
import type { Address } from "../core/bytes.ts";
import { MAX_MESSAGE_BYTES, type Verdict } from "./network.ts";

const MAX_REMEMBERED = 16_384;

/**
 * Judges each message once, however often and by whomever it is delivered. A copy that comes again (its author published it again
 * for the peers that joined later) gets the verdict of the first, so that it is forwarded without being handled twice. Only what was
 * ignored is judged anew: it may have come before its time.
 */
export class Judge {
  readonly #onMessage: (message: Uint8Array, from: Address) => Promise<Verdict>;
  readonly #verdicts = new Map<string, Promise<Verdict>>();
  #received = 0;

  constructor(onMessage: (message: Uint8Array, from: Address) => Promise<Verdict>) {
    this.#onMessage = onMessage;
  }

  /** Messages that were handed to the validator. */
  get received(): number {
    return this.#received;
  }

  /** This peer's own message: it is not delivered to itself, whoever brings it back. */
  publishedHere(message: Uint8Array): void {
    this.#remember(messageId(message), Promise.resolve("accepted"));
  }

  async judge(message: Uint8Array, from: Address): Promise<Verdict> {
    if (message.length > MAX_MESSAGE_BYTES) return "rejected";
    const id = messageId(message);
    const known = this.#verdicts.get(id);
    if (known !== undefined) return known;
    this.#received++;
    // A validator that fails has not found the sender at fault.
    const verdict = this.#onMessage(message, from).catch((): Verdict => "ignored");
    this.#remember(id, verdict);
    if ((await verdict) === "ignored") this.#verdicts.delete(id);
    return verdict;
  }

  #remember(id: string, verdict: Promise<Verdict>): void {
    if (this.#verdicts.has(id)) return;
    this.#verdicts.set(id, verdict);
    if (this.#verdicts.size > MAX_REMEMBERED) this.#verdicts.delete(this.#verdicts.keys().next().value as string);
  }
}

export function messageId(message: Uint8Array): string {
  return hash("sha256", message, "base64");
}
