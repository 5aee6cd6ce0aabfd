import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import type { Endpoint } from "../../node/chain/endpoint.ts";
import { EventCache, type PlacedEvent } from "../../node/chain/eventCache.ts";
import { keccakWords, type Hex } from "../../node/core/bytes.ts";
import { rejectionOf } from "../helpers/errors.ts";

/** A chain with one round drawn in some of its blocks: the events are the rounds' numbers. */
class Log {
  /** By block: its hash, and the round that it begins. */
  blocks: { hash: Hex; round: number | undefined }[] = [];
  readonly reads: [number, number][] = [];
  onRead: () => void = () => undefined;
  lag = 0;
  #made = 0;

  grow(rounds: readonly (number | undefined)[]): void {
    for (const round of rounds) this.blocks.push({ hash: keccakWords(++this.#made), round });
  }

  cut(depth: number): void {
    this.blocks.length -= depth;
  }

  get rounds(): number[] {
    return this.blocks.flatMap(({ round }) => (round === undefined ? [] : [round]));
  }

  cache(confirmations = 0): EventCache<number> {
    const header = (number: number): unknown => {
      const block = this.blocks[number];
      const quantity = `0x${number.toString(16)}`;
      return block === undefined
        ? null
        : { number: quantity, timestamp: quantity, hash: block.hash, parentHash: block.hash };
    };
    const newest = (): number => this.blocks.length - 1 - this.lag;
    const endpoint = {
      confirmations,
      head: () => Promise.resolve({ number: newest(), hash: this.blocks[newest()]!.hash, parentHash: "0x", time: 0 }),
      client: { request: ({ params: [number] }: { params: [Hex] }) => Promise.resolve(header(Number(number))) },
    } as unknown as Endpoint;
    const read = (from: number, to: number): Promise<PlacedEvent<number>[]> => {
      this.reads.push([from, to]);
      this.onRead();
      const found = this.blocks
        .slice(from, to + 1)
        .flatMap(({ round }, index) => (round === undefined ? [] : [{ block: from + index, event: round }]));
      return Promise.resolve(found);
    };
    return new EventCache({ endpoint, fromBlock: 10, read, roundDrawn: (round) => round });
  }
}

const quiet = (blocks: number): undefined[] => new Array<undefined>(blocks).fill(undefined);

describe("a job's events as they are kept", () => {
  it("are read anew where somebody finds that they lack something", async () => {
    const log = new Log();
    log.grow([...quiet(20), 1, 2, 3]);
    const cache = log.cache();
    const [, second] = log.blocks.slice(-3);
    second!.round = undefined; // an answer from a node that has the block, and not yet its events
    expect(await cache.since(1)).to.deep.equal([1, 3]);
    second!.round = 2;
    expect(await cache.since(1)).to.deep.equal([1, 3]);
    cache.forget();
    expect(await cache.since(1)).to.deep.equal([1, 2, 3]);
  });

  it("are read back to the round that is asked for and no farther, and then forwards only", async () => {
    const log = new Log();
    log.grow([...quiet(20), 1, ...quiet(9_000), 2, ...quiet(9_000), 3]);
    const cache = log.cache();
    expect(await cache.since(3)).to.deep.equal([3]);
    expect(log.reads).to.deep.equal([[17_023, 18_022]]);
    log.grow([4, undefined]);
    expect(await cache.since(3)).to.deep.equal([3, 4]);
    expect(log.reads.at(-1)).to.deep.equal([18_023, 18_024]);
    expect(await cache.since(4)).to.deep.equal([3, 4]);
    expect(log.reads.length).to.equal(2);
    expect(await cache.since(1)).to.deep.equal([1, 2, 3, 4]);
    expect(log.reads.at(-1)![0]).to.be.at.least(10);
  });

  it("are read in parts where a daemon was away for long", async () => {
    const log = new Log();
    log.grow([...quiet(20), 1]);
    const cache = log.cache();
    await cache.since(1);
    log.grow([...quiet(50_000), 2]);
    log.reads.length = 0;
    expect(await cache.since(1)).to.deep.equal([1, 2]);
    expect(log.reads.map(([from, to]) => to - from + 1)).to.deep.equal([20_000, 20_000, 10_001]);
  });

  it("end at the confirmed block", async () => {
    const log = new Log();
    log.grow([...quiet(20), 1, 2, undefined, undefined]);
    const cache = log.cache(3);
    expect(await cache.since(1)).to.deep.equal([1]);
    log.grow(quiet(1));
    expect(await cache.since(1)).to.deep.equal([1, 2]);
  });

  it("do not go back where an endpoint lags", async () => {
    const log = new Log();
    log.grow([...quiet(20), 1, undefined, 2]);
    const cache = log.cache();
    await cache.since(1);
    log.lag = 2;
    expect(await cache.since(1)).to.deep.equal([1, 2]);
  });

  it("refuse to mix two branches", async () => {
    const log = new Log();
    log.grow([...quiet(20), 1, 2, 3]);
    const cache = log.cache();
    log.onRead = () => {
      log.onRead = () => undefined;
      log.cut(2);
      log.grow([7, 8]);
    };
    expect(await rejectionOf(cache.since(1))).to.equal("chain-unreachable");
    expect(await cache.since(1)).to.deep.equal([1, 7, 8]);
  });

  it("are those of the chain that counts now, however it grows and is reorganised", async () => {
    const grow = fc.integer({ min: 0, max: 4 });
    const step = fc.record({
      cut: fc.integer({ min: 0, max: 8 }),
      grow,
      quiet: fc.boolean(),
      ask: fc.integer({ min: 1, max: 60 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 30 }),
        fc.integer({ min: 0, max: 2 }),
        async (steps, confirmations) => {
          const log = new Log();
          log.grow([...quiet(20), 1]);
          const cache = log.cache(confirmations);
          for (const { cut, grow: more, quiet: isQuiet, ask } of steps) {
            log.cut(Math.min(cut, log.blocks.length - 15));
            // As long as before, or the endpoint would seem to lag.
            log.grow(quiet(cut));
            let round = Math.max(0, ...log.rounds);
            log.grow(Array.from({ length: more }, () => (isQuiet ? undefined : ++round)));
            const confirmed = log.blocks.slice(0, log.blocks.length - confirmations).flatMap((one) => one.round ?? []);
            const asked = (rounds: readonly number[]): number[] => rounds.filter((one) => one >= ask);
            expect(asked(await cache.since(ask))).to.deep.equal(asked(confirmed));
          }
        },
      ),
      { seed: 5, numRuns: 300 },
    );
  });
});
