import { describe, it } from "mocha";
import { expect } from "chai";
import fc from "fast-check";
import { PacelineError } from "../../node/core/errors.ts";
import { seededRandom } from "../../node/core/random.ts";
import { type PartitionScheme, partition } from "../../node/data/partition.ts";

const schemes = fc.oneof(
  fc.constant<PartitionScheme>({ kind: "iid" }),
  fc.double({ min: 0.001, max: 100, noNaN: true }).map((alpha): PartitionScheme => ({ kind: "dirichlet", alpha })),
  fc
    .integer({ min: 1, max: 3 })
    .map((shardsPerParticipant): PartitionScheme => ({ kind: "shards", shardsPerParticipant })),
);

function tenLabels(count: number): Int32Array {
  const random = seededRandom(3);
  return Int32Array.from({ length: count }, () => random.below(10));
}

/** Mean over the participants of the share that their commonest label has. */
function oneSidedness(labels: Int32Array, parts: readonly Int32Array[]): number {
  const shares = parts.map((part) => {
    const counts = new Map<number, number>();
    for (const index of part) counts.set(labels[index]!, (counts.get(labels[index]!) ?? 0) + 1);
    return Math.max(...counts.values()) / part.length;
  });
  return shares.reduce((sum, share) => sum + share, 0) / shares.length;
}

describe("partitions", () => {
  it("lose and double nothing, give everybody the minimum, and follow from the seed", () => {
    const cases = fc.record({
      labels: fc
        .array(fc.integer({ min: 0, max: 4 }), { minLength: 36, maxLength: 200 })
        .map((values) => Int32Array.from(values)),
      participants: fc.integer({ min: 1, max: 12 }),
      minimumCount: fc.integer({ min: 0, max: 3 }),
      scheme: schemes,
      seed: fc.integer(),
    });
    fc.assert(
      fc.property(cases, (options) => {
        const parts = partition(options);
        expect(parts).to.have.length(options.participants);
        expect(parts.flatMap((part) => [...part]).sort((a, b) => a - b)).to.deep.equal([...options.labels.keys()]);
        expect(Math.min(...parts.map((part) => part.length))).to.be.at.least(options.minimumCount);
        expect(partition(options)).to.deep.equal(parts);
      }),
      { seed: 20, numRuns: 200 },
    );
  });

  it("are of equal size and alike when iid, another one for another seed", () => {
    const labels = tenLabels(1003);
    const parts = partition({ labels, participants: 10, scheme: { kind: "iid" }, seed: 1 });
    for (const part of parts) expect(part.length).to.be.within(100, 101);
    expect(oneSidedness(labels, parts)).to.be.below(0.22);
    expect(partition({ labels, participants: 10, scheme: { kind: "iid" }, seed: 2 })).to.not.deep.equal(parts);
  });

  it("by Dirichlet are the more one-sided the smaller alpha is", () => {
    const labels = tenLabels(4000);
    const at = (alpha: number): number =>
      oneSidedness(labels, partition({ labels, participants: 10, scheme: { kind: "dirichlet", alpha }, seed: 5 }));
    expect(at(0.1)).to.be.above(at(1) + 0.1);
    expect(at(1)).to.be.above(at(100) + 0.1);
    expect(at(100)).to.be.below(0.2);
  });

  it("by shards give each participant few labels and equally many examples", () => {
    const labels = tenLabels(2000).sort();
    const parts = partition({ labels, participants: 20, scheme: { kind: "shards", shardsPerParticipant: 2 }, seed: 4 });
    for (const part of parts) {
      expect(part).to.have.length(100);
      expect(new Set([...part].map((index) => labels[index])).size).to.be.at.most(4);
    }
    expect(oneSidedness(labels, parts)).to.be.above(0.4);
  });

  it("take from those with most to reach the minimum", () => {
    const labels = new Int32Array(100);
    const parts = partition({
      labels,
      participants: 5,
      scheme: { kind: "dirichlet", alpha: 0.001 },
      seed: 9,
      minimumCount: 8,
    });
    expect(parts.map((part) => part.length).sort((a, b) => a - b)).to.deep.equal([8, 8, 8, 8, 68]);
  });

  it("are refused where there is too little to deal or a parameter is out of range", () => {
    const labels = tenLabels(20);
    const deal = (change: object) => () =>
      partition({ labels, participants: 5, scheme: { kind: "iid" }, seed: 1, ...change });
    expect(deal({ minimumCount: 5 })).to.throw(PacelineError, /20 examples do not give 5 participants 5 each/);
    expect(deal({ participants: 0 })).to.throw(PacelineError, /participants/);
    expect(deal({ scheme: { kind: "dirichlet", alpha: 0 } })).to.throw(PacelineError, /alpha/);
    expect(deal({ scheme: { kind: "shards", shardsPerParticipant: 5 } })).to.throw(PacelineError, /shards/);
  });
});
