import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { BlockFollower } from "../../node/chain/blockFollower.ts";
import type { Head } from "../../node/chain/endpoints/head.ts";
import { keccakWords, type Hex } from "../../node/core/bytes.ts";
import { rejectionOf } from "../helpers/errors.ts";

/** A chain whose newest blocks are replaced; blocks of branches that were given up stay known by their hash. */
class Branches {
  readonly known = new Map<Hex, Head>();
  chain: Head[] = [];
  #made = 0;

  constructor(length: number) {
    this.grow(length);
  }

  get head(): Head {
    return this.chain.at(-1)!;
  }

  grow(blocks: number): this {
    for (let block = 0; block < blocks; block++) {
      const number = this.chain.length;
      const parentHash = this.chain.at(-1)?.hash ?? keccakWords(0);
      const head = { number, hash: keccakWords(++this.#made), parentHash, time: number };
      this.chain.push(head);
      this.known.set(head.hash, head);
    }
    return this;
  }

  cut(depth: number): this {
    this.chain = this.chain.slice(0, -depth);
    return this;
  }

  follower(): BlockFollower {
    return new BlockFollower({
      at: (number) => Promise.resolve(this.chain[number]),
      of: (hash) => Promise.resolve(this.known.get(hash)),
    });
  }
}

describe("which blocks are shown after which", () => {
  it("goes on with a child, and with a later descendant", async () => {
    const branches = new Branches(10);
    const follower = branches.follower();
    for (const blocks of [0, 1, 7, 5_000]) {
      const { head } = branches.grow(blocks);
      expect(await follower.place(head)).to.deep.equal({ type: "next" });
      follower.show(head);
      expect(await follower.place(head)).to.deep.equal({ type: "same" });
    }
  });

  it("does not go back to an older block, of whatever branch", async () => {
    const branches = new Branches(10);
    const follower = branches.follower();
    follower.show(branches.head);
    expect(await follower.place(branches.chain[8]!)).to.deep.equal({ type: "behind" });
    branches.cut(3).grow(2);
    expect(await follower.place(branches.head)).to.deep.equal({ type: "behind" });
  });

  it("tells how far a branch that is as long takes back what was shown", async () => {
    const branches = new Branches(10);
    const follower = branches.follower();
    for (const number of [4, 6, 9]) follower.show(branches.chain[number]!);
    branches.cut(2).grow(2);
    expect(await follower.place(branches.head)).to.deep.equal({ type: "branch", ancestor: 6 });
    branches.cut(4).grow(600);
    expect(await follower.place(branches.head)).to.deep.equal({ type: "branch", ancestor: 4 });
    branches.cut(branches.chain.length).grow(30);
    expect(await follower.place(branches.head), "another chain altogether").to.deep.equal({
      type: "branch",
      ancestor: -1,
    });
  });

  it("believes no branch whose parents the endpoint does not know", async () => {
    const branches = new Branches(10);
    const follower = branches.follower();
    for (const number of [4, 9]) follower.show(branches.chain[number]!);
    const parentHash = keccakWords(77);
    const orphan = { number: 9, hash: keccakWords(78), parentHash, time: 9 };
    expect(await rejectionOf(follower.place(orphan))).to.equal("chain-unreachable");
    branches.known.set(parentHash, { number: 2, hash: parentHash, parentHash, time: 2 });
    expect(await rejectionOf(follower.place(orphan)), "a parent of another height").to.equal("chain-unreachable");
  });

  it("finds the newest common block that was shown, whatever was shown and however the chain goes on", async () => {
    const step = fc.record({ cut: fc.integer({ min: 0, max: 6 }), grow: fc.integer({ min: 1, max: 9 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const branches = new Branches(20);
        const follower = branches.follower();
        let shown: Head[] = [branches.head];
        follower.show(branches.head);
        for (const { cut, grow } of steps) {
          if (cut > 0) branches.cut(cut);
          const { head } = branches.grow(grow);
          const last = shown.at(-1)!;
          const placement = await follower.place(head);
          const common = shown.filter(({ hash, number }) => branches.chain[number]?.hash === hash);
          const isOn = common.at(-1) === last;
          if (head.hash === last.hash) expect(placement.type).to.equal("same");
          else if (head.number < last.number) expect(placement.type).to.equal("behind");
          else {
            const ancestor = common.at(-1)?.number ?? -1;
            expect(placement).to.deep.equal(isOn ? { type: "next" } : { type: "branch", ancestor });
            shown = [...common, head];
            follower.show(head, isOn ? undefined : ancestor);
          }
        }
      }),
      { seed: 5, numRuns: 300 },
    );
  });
});
