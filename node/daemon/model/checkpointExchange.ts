import type { Address } from "../../core/bytes.ts";
import type { Network } from "../../network/network.ts";
import { decodeTalk, encodeTalk, type Certificate } from "../../protocol/checkpoint.ts";
import type { Clock } from "../time/clock.ts";

/** How long neighbours have to answer with something newer, in seconds, where one has answered, and where nobody has. */
const ASK_SECONDS = 4;
const LONGEST_SECONDS = 8;
/** Between two answers, in seconds: one serves all who asked meanwhile. */
const ANSWER_SECONDS = 2;
/** Certificates that one question looks at, one a neighbour: each takes up to 32 signatures, some 6 ms, to check. */
const MAX_ANSWERS = 256;

export interface ExchangeOptions {
  readonly network: () => Network;
  readonly clock: Clock;
  /** Tells copies of a message apart. */
  readonly randomAttempt: () => number;
  /** The newest that this peer can serve. */
  readonly held: () => Certificate | undefined;
}

/** A question that waits for its answers. */
interface Question {
  /** More than, and at most. */
  readonly updates: number;
  readonly newest: number;
  readonly heard: Set<Address>;
  readonly take: (certificate: Certificate) => void;
}

/** Asks neighbours for attested checkpoints, and answers them. Nothing of it is forwarded. */
export class CheckpointExchange {
  readonly #options: ExchangeOptions;
  #question: Question | undefined;
  #answeredAt = -Infinity;

  constructor(options: ExchangeOptions) {
    this.#options = options;
  }

  /** Takes a message in. @returns whether it was of this kind */
  receive(data: Uint8Array, from: Address): boolean {
    const talk = decodeTalk(data);
    if (talk?.type === "wanted") this.#answer(talk.updates);
    if (talk?.type === "held") this.#hear(talk.certificate, from);
    return talk !== undefined;
  }

  /**
   * The newest checkpoint that neighbours tell of within a few seconds; at once when it is the newest that there can be.
   * @param updates settled rounds that it must have more than
   * @param newest settled rounds that it has at most
   * @param isGood checks it, signatures and all
   */
  async ask(
    { updates, newest }: { readonly updates: number; readonly newest: number },
    isGood: (certificate: Certificate) => boolean,
  ): Promise<Certificate | undefined> {
    const { clock, network, randomAttempt } = this.#options;
    let best: Certificate | undefined;
    let end = (): void => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    const take = (certificate: Certificate): void => {
      if (best !== undefined && certificate.updates <= best.updates) return;
      if (!isGood(certificate)) return;
      best = certificate;
      if (best.updates === newest) end();
    };
    const question: Question = { updates, newest, heard: new Set(), take };
    this.#question = question;
    const publish = (): Promise<void> => network().publish(encodeTalk({ type: "wanted", updates }, randomAttempt()));
    const asked = clock.now();
    // Whoever has just answered somebody else, or was not connected yet, answers another time.
    const again = (): void => {
      if (clock.now() - asked >= (best === undefined ? LONGEST_SECONDS : ASK_SECONDS)) return end();
      forget = clock.after(ANSWER_SECONDS, again);
      publish().catch(() => undefined);
    };
    let forget = clock.after(ANSWER_SECONDS, again);
    try {
      await publish();
      await ended;
    } finally {
      forget();
      if (this.#question === question) this.#question = undefined;
    }
    return best;
  }

  /** One answer a neighbour; what is no answer to the question counts for none. */
  #hear(certificate: Certificate, from: Address): void {
    const question = this.#question;
    if (question === undefined || question.heard.has(from) || question.heard.size >= MAX_ANSWERS) return;
    if (certificate.updates <= question.updates || certificate.updates > question.newest) return;
    question.heard.add(from);
    question.take(certificate);
  }

  #answer(updates: number): void {
    const { clock, held, network, randomAttempt } = this.#options;
    const certificate = held();
    const now = clock.now();
    if (certificate === undefined || certificate.updates <= updates || now - this.#answeredAt < ANSWER_SECONDS) return;
    this.#answeredAt = now;
    // Who asked asks again.
    network()
      .publish(encodeTalk({ type: "held", certificate }, randomAttempt()))
      .catch(() => undefined);
  }
}
