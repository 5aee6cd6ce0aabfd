import { BackOff } from "./backOff.ts";

const FIRST_MS = 1_000;
const LAST_MS = 60_000;
/** How often it is looked whether all are there. */
const LOOK_MS = 2_000;

export interface KeeperOptions {
  /** The contacts to keep, as they are now: one list a peer. */
  readonly wanted: () => readonly (readonly string[])[];
  /** Connects unless connected. */
  readonly connect: (contacts: readonly string[]) => Promise<void>;
  /** Milliseconds. */
  readonly now: () => number;
  readonly random: () => number;
}

/** Keeps connections to a few peers that were named: bootstrap peers and relays. */
export class Keeper {
  readonly #options: KeeperOptions;
  readonly #backOff: BackOff;
  readonly #connecting = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: KeeperOptions) {
    this.#options = options;
    const { now, random } = options;
    this.#backOff = new BackOff({ firstMs: FIRST_MS, lastMs: LAST_MS, now, random });
  }

  /** Looks at once, and from then on by and by. */
  start(): void {
    this.stop();
    this.look();
    this.#timer = setInterval(() => this.look(), LOOK_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  look(): void {
    for (const contacts of this.#options.wanted()) {
      const key = contacts.join(" ");
      if (this.#connecting.has(key) || !this.#backOff.isDue(key)) continue;
      this.#connecting.add(key);
      this.#options
        .connect(contacts)
        .then(
          () => this.#backOff.succeed(key),
          () => this.#backOff.fail(key),
        )
        .finally(() => this.#connecting.delete(key));
    }
  }
}
