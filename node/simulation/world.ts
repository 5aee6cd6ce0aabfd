import type { ChainSnapshot, Receipt } from "../chain/chain.ts";
import { MemoryChain } from "../chain/memory.ts";
import type { Address } from "../core/bytes.ts";
import { PacelineError } from "../core/errors.ts";
import type { JobTerms } from "../core/jobTerms.ts";
import { seededRandom, type Random } from "../core/random.ts";
import type { Phase } from "../core/roundView.ts";
import { BlobPool } from "./blobPool.ts";
import { VirtualClock } from "./clock.ts";
import type { Conditions } from "./conditions.ts";
import { VirtualHub } from "./hub.ts";
import { createSharedJudge } from "./judge.ts";
import { createSharedAdvance } from "./sharedModel.ts";
import { Weather } from "./weather.ts";

/** When a phase of a round was entered. */
export interface PhaseEntry {
  readonly phase: Phase;
  readonly round: number;
  /** Seconds. */
  readonly at: number;
}

export interface WorldOptions {
  readonly terms: JobTerms;
  /** Opens the job and escrows its pool. */
  readonly sponsor: Address;
  /** In wei. */
  readonly pool: bigint;
  readonly conditions: Conditions;
  readonly seed: number;
  readonly onPhase: (entry: PhaseEntry) => void;
}

/** Seconds since the epoch at which a virtual federation begins. */
const START = 1_700_000_000;

/** Whether whoever began something is still there to hear of its end. */
export type IsUp = () => boolean;

/** What the peers of a virtual federation share: one clock, one chain with one job, one network. */
export class World {
  readonly clock = new VirtualClock(START);
  readonly random: Random;
  readonly weather: Weather;
  readonly chain: MemoryChain;
  readonly job: Address;
  readonly terms: JobTerms;
  readonly hub: VirtualHub;
  readonly blobs = new BlobPool();
  readonly judge: ReturnType<typeof createSharedJudge>;
  readonly advance = createSharedAdvance();
  /** Transactions in blocks, by call. */
  readonly calls = new Map<string, number>();
  /** Messages that one peer or more called wrong, by the code. */
  readonly rejected = new Map<string, number>();
  readonly #watchers = new Set<() => void>();
  readonly #onPhase: (entry: PhaseEntry) => void;
  #entered: PhaseEntry | undefined;

  constructor({ terms, sponsor, pool, conditions, seed, onPhase }: WorldOptions) {
    this.random = seededRandom(seed);
    this.weather = new Weather(conditions, this.random);
    this.chain = new MemoryChain(() => this.clock.now());
    this.terms = terms;
    this.chain.mint(terms.token, sponsor, pool);
    this.job = this.chain.createJob(sponsor, terms, pool);
    this.hub = new VirtualHub(this.clock, this.weather);
    this.judge = createSharedJudge((code) => count(this.rejected, code));
    this.#onPhase = onPhase;
  }

  snapshot(): ChainSnapshot {
    return this.chain.snapshot(this.job);
  }

  /** `work`'s outcome when up to `longest` seconds have passed. */
  spend<T>(longest: number, work: Promise<T>, isUp: IsUp): Promise<T> {
    work.catch(() => undefined); // whoever waits for it is told, when its time has come
    return new Promise((resolve, reject) => {
      this.clock.after(this.weather.between(longest), () => (isUp() ? work.then(resolve, reject) : undefined));
    });
  }

  /** Sends a transaction; the outcome is what its sender is told. */
  transact(call: string, send: () => Promise<Receipt>, isUp: IsUp): Promise<Receipt> {
    const { lostRate, transactionSeconds, unheardRate } = this.weather.conditions;
    const sent = new Promise<Receipt>((resolve, reject) => {
      this.clock.after(this.weather.between(transactionSeconds), () => {
        const outcome = this.weather.happens(lostRate) ? Promise.reject(unheard(call)) : this.#include(call, send);
        return outcome.then(resolve, reject);
      });
    });
    const told = sent.then((receipt) => {
      if (this.weather.happens(unheardRate)) throw unheard(call);
      return receipt;
    });
    told.catch(() => undefined);
    return sent.then(
      () => this.spend(transactionSeconds, told, isUp),
      () => this.spend(transactionSeconds, told, isUp),
    );
  }

  /** Calls back with what stands, a while after every block; one read at a time. @returns stops */
  watch(onSnapshot: (snapshot: ChainSnapshot) => void, isUp: IsUp): () => void {
    let isDue = false;
    const look = (): void => {
      if (isDue) return;
      isDue = true;
      this.clock.after(this.weather.between(this.weather.conditions.viewSeconds), () => {
        isDue = false;
        if (isUp() && this.#watchers.has(look)) onSnapshot(this.snapshot());
      });
    };
    this.#watchers.add(look);
    look();
    return () => this.#watchers.delete(look);
  }

  /** Something has changed on the chain. */
  tellAll(): void {
    const { phase, round } = this.snapshot().view;
    if (this.#entered?.phase !== phase || this.#entered.round !== round) {
      this.#entered = { phase, round, at: this.clock.now() };
      this.#onPhase(this.#entered);
    }
    for (const look of this.#watchers) look();
  }

  async #include(call: string, send: () => Promise<Receipt>): Promise<Receipt> {
    const receipt = await send();
    count(this.calls, call);
    this.tellAll();
    return receipt;
  }
}

export function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function unheard(call: string): PacelineError {
  return new PacelineError("timeout", `nothing is heard of ${call}`);
}
