/** Whether an account can go on paying for its transactions, judged by what the last rounds cost. Amounts in wei. */

/** Rounds of a job whose mean counts. */
const MEASURED_ROUNDS = 8;
/** A balance that pays for fewer rounds is low. */
export const LOW_ROUNDS = 20n;
/** Between two looks at the balance, in seconds. */
const LOOK_SECONDS = 60;

/** What the rounds of an account's jobs cost it. */
export class RoundCosts {
  readonly #jobs = new Map<string, Map<number, bigint>>();

  add(job: string, round: number, fee: bigint): void {
    const rounds = this.#jobs.get(job) ?? new Map<number, bigint>();
    this.#jobs.set(job, rounds);
    rounds.set(round, (rounds.get(round) ?? 0n) + fee);
    if (rounds.size > MEASURED_ROUNDS) rounds.delete(Math.min(...rounds.keys()));
  }

  /** One round of every job, rounded up. */
  get perRound(): bigint {
    return [...this.#jobs.values()].reduce((sum, rounds) => sum + meanOf([...rounds.values()]), 0n);
  }
}

function meanOf(costs: readonly bigint[]): bigint {
  const count = BigInt(costs.length);
  return (costs.reduce((sum, cost) => sum + cost, 0n) + count - 1n) / count;
}

/** How long an account's balance lasts. */
export interface Coverage {
  readonly balance: bigint;
  readonly perRound: bigint;
  /** Rounds that it pays for, rounded down. */
  readonly rounds: bigint;
}

export interface BalanceOptions {
  readonly readBalance: () => Promise<bigint>;
  /** Seconds since the epoch. */
  readonly now: () => number;
  /** Called when the balance gets low, and when it is no longer. */
  readonly onChange: (isLow: boolean, coverage: Coverage) => void;
}

/** Takes in what rounds cost, and looks now and then whether the balance pays for some more. */
export class BalanceWatch {
  readonly #options: BalanceOptions;
  readonly #costs = new RoundCosts();
  #lookedAt = -Infinity;
  #isLow = false;

  constructor(options: BalanceOptions) {
    this.#options = options;
  }

  /** Never throws; settles when the balance has been looked at, where it is time to. */
  async spent(job: string, round: number, fee: bigint): Promise<void> {
    const { readBalance, now, onChange } = this.#options;
    this.#costs.add(job, round, fee);
    if (now() - this.#lookedAt < LOOK_SECONDS) return;
    this.#lookedAt = now();
    const balance = await readBalance().catch(() => undefined);
    const { perRound } = this.#costs;
    if (balance === undefined || perRound === 0n) return;
    const rounds = balance / perRound;
    if (rounds < LOW_ROUNDS === this.#isLow) return;
    this.#isLow = rounds < LOW_ROUNDS;
    onChange(this.#isLow, { balance, perRound, rounds });
  }
}
