/**
 * How far the chain's time is from the machine's. Contracts judge deadlines by block time, so a peer has to as well, whatever
 * its own clock says. A block tells `time − arrival = offset − delay`, and no delay is below zero: the largest of a few samples is
 * nearest to the truth (as in NTP's filter). One late block, or a node that catches up, must not move the clock back, so several
 * samples over some seconds have to agree before it moves; forward one block is enough, because the chain's time is at least that
 * of its newest block.
 */

/** Newest samples that count, at most one a second. */
const SAMPLES = 8;
/** As many have to agree, over as many seconds. */
const AGREEING = 3;
const SPAN_SECONDS = 5;
/** Differences that delays make; an offset below it is none. */
export const TOLERANCE_SECONDS = 5;

interface Sample {
  readonly offset: number;
  readonly at: number;
}

export class ChainClock {
  #samples: readonly Sample[] = [];
  /** What agreeing samples said last; an idle chain says nothing new. */
  #agreed = 0;
  #lastBlockTime = -Infinity;
  /** Whatever the delay was: the chain's time is no earlier. */
  #last = -Infinity;

  /**
   * Takes in the newest block as it is seen. Seconds since the epoch; the same block again changes nothing.
   * @param now by the machine's clock
   */
  observe(blockTime: number, now: number): void {
    if (blockTime === this.#lastBlockTime) return;
    this.#lastBlockTime = blockTime;
    const sample = { offset: blockTime - now, at: now };
    this.#last = sample.offset;
    this.#samples = withSample(this.#samples, sample);
    const best = Math.max(...this.#samples.map(({ offset }) => offset));
    if (isAgreed(this.#samples, best)) this.#agreed = Math.abs(best) <= TOLERANCE_SECONDS ? 0 : best;
  }

  /** Seconds to add to the machine's clock; below zero where that is ahead of the chain. */
  get offset(): number {
    return Math.max(this.#agreed, this.#last);
  }
}

/** Of two in one second the later-looking one; a machine's clock that was set back makes what came before meaningless. */
function withSample(samples: readonly Sample[], sample: Sample): readonly Sample[] {
  const last = samples[samples.length - 1];
  if (last === undefined || sample.at < last.at) return [sample];
  if (sample.at - last.at >= 1) return [...samples, sample].slice(-SAMPLES);
  return sample.offset > last.offset ? [...samples.slice(0, -1), { ...last, offset: sample.offset }] : samples;
}

function isAgreed(samples: readonly Sample[], best: number): boolean {
  const near = samples.filter(({ offset }) => best - offset <= TOLERANCE_SECONDS);
  const [first] = near;
  const last = near[near.length - 1];
  if (first === undefined || last === undefined || near.length < AGREEING) return false;
  return last.at - first.at >= SPAN_SECONDS;
}
