import { describe, it } from "mocha";
import { expect } from "chai";
import fc from "fast-check";
import { PacelineError } from "../../node/core/errors.ts";
import { seededRandom } from "../../node/core/random.ts";
import { type PartitionOptions, type PartitionScheme, partition } from "../../node/data/partition.ts";

const schemes = fc.oneof(
  fc.constant<PartitionScheme>({ kind: "iid" }),
  fc.double({ min: 0.001, max: 100, noNaN: true }).map((alpha): PartitionScheme => ({ kind: "dirichlet", alpha })),
  fc
    .integer({ min: 1, max: 3 })
    .map((shardsPerParticipant): PartitionScheme => ({ kind: "shards", shardsPerParticipant })),
  fc.double({ min: 0.001, max: 100, noNaN: true }).map((beta): PartitionScheme => ({ kind: "quantity", beta })),
  fc.constant<PartitionScheme>({ kind: "blocks" }),
);

type Labelled = PartitionOptions["data"] & { readonly targets: { readonly values: Int32Array } };

function labelled(labels: Int32Array): Labelled {
  return { count: labels.length, targets: { shape: [], values: labels }, classes: 10 };
}

function tenLabels(count: number): Labelled {
  const random = seededRandom(3);
  return labelled(Int32Array.from({ length: count }, () => random.below(10)));
}

/** Mean over the participants of the share that their commonest label has. */
function oneSidedness({ targets }: Labelled, parts: readonly Int32Array[]): number {
  const shares = parts.map((part) => {
    const counts = new Map<number, number>();
    for (const index of part) counts.set(targets.values[index]!, (counts.get(targets.values[index]!) ?? 0) + 1);
    return Math.max(...counts.values()) / part.length;
  });
  return shares.reduce((sum, share) => sum + share, 0) / shares.length;
}

describe("partitions", () => {
  it("lose and double nothing, give everybody the minimum, and follow from the seed", () => {
    const cases = fc.record({
      data: fc
        .array(fc.integer({ min: 0, max: 4 }), { minLength: 36, maxLength: 200 })
        .map((values) => labelled(Int32Array.from(values))),
      participants: fc.integer({ min: 1, max: 12 }),
      minimumCount: fc.integer({ min: 0, max: 3 }),
      scheme: schemes,
      seed: fc.integer(),
    });
    fc.assert(
      fc.property(cases, (options) => {
        const parts = partition(options);
        expect(parts).to.have.length(options.participants);
        expect(parts.flatMap((part) => [...part]).sort((a, b) => a - b)).to.deep.equal([
          ...options.data.targets.values.keys(),
        ]);
        expect(Math.min(...parts.map((part) => part.length))).to.be.at.least(options.minimumCount);
        expect(partition(options)).to.deep.equal(parts);
      }),
      { seed: 20, numRuns: 200 },
    );
  }).timeout(20_000);

  it("are of equal size and alike when iid, another one for another seed", () => {
    const data = tenLabels(1003);
    const parts = partition({ data, participants: 10, scheme: { kind: "iid" }, seed: 1 });
    for (const part of parts) expect(part.length).to.be.within(100, 101);
    expect(oneSidedness(data, parts)).to.be.below(0.22);
    expect(partition({ data, participants: 10, scheme: { kind: "iid" }, seed: 2 })).to.not.deep.equal(parts);
  });

  it("by Dirichlet are the more one-sided the smaller alpha is", () => {
    const data = tenLabels(4000);
    const at = (alpha: number): number =>
      oneSidedness(data, partition({ data, participants: 10, scheme: { kind: "dirichlet", alpha }, seed: 5 }));
    expect(at(0.1)).to.be.above(at(1) + 0.1);
    expect(at(1)).to.be.above(at(100) + 0.1);
    expect(at(100)).to.be.below(0.2);
  });

  it("by shards give each participant few labels and equally many examples", () => {
    const data = labelled(tenLabels(2000).targets.values.sort());
    const parts = partition({ data, participants: 20, scheme: { kind: "shards", shardsPerParticipant: 2 }, seed: 4 });
    for (const part of parts) {
      expect(part).to.have.length(100);
      expect(new Set([...part].map((index) => data.targets.values[index])).size).to.be.at.most(4);
    }
    expect(oneSidedness(data, parts)).to.be.above(0.4);
  });

  it("take from those with most to reach the minimum", () => {
    const data = labelled(new Int32Array(100));
    const parts = partition({
      data,
      participants: 5,
      scheme: { kind: "dirichlet", alpha: 0.001 },
      seed: 9,
      minimumCount: 8,
    });
    expect(parts.map((part) => part.length).sort((a, b) => a - b)).to.deep.equal([8, 8, 8, 8, 68]);
  });

  it("by quantity are the more unequal in size the smaller beta is, and alike in labels", () => {
    const data = tenLabels(4000);
    const at = (beta: number) => partition({ data, participants: 10, scheme: { kind: "quantity", beta }, seed: 5 });
    const largest = (beta: number): number => Math.max(...at(beta).map((part) => part.length));
    // the largest of ten shares: nearly everything, some three tenths (the mean of the largest of ten spacings, H10 / 10), a tenth
    expect(largest(0.01)).to.be.above(3500);
    expect(largest(1)).to.be.within(700, 2000);
    expect(largest(1000)).to.be.within(400, 460);
    expect(oneSidedness(data, at(10))).to.be.below(0.2);
  });

  it("by group keep each group whole, and are as equal as that allows", () => {
    // twelve groups of 1 to 12 examples; the largest first, four participants have 17 each after eight of them
    const groups = Int32Array.from(Array.from({ length: 12 }, (_, g) => new Array<number>(g + 1).fill(g)).flat());
    seededRandom(4).shuffle(groups);
    const data = { ...labelled(new Int32Array(78)), groups };
    const parts = partition({ data, participants: 4, scheme: { kind: "group" }, seed: 6, minimumCount: 18 });
    expect(parts.map((part) => part.length).sort()).to.deep.equal([18, 19, 20, 21]);
    const owners = groups.reduce((all, group, i) => {
      const owner = parts.findIndex((part) => part.includes(i));
      return all.set(group, (all.get(group) ?? new Set()).add(owner));
    }, new Map<number, Set<number>>());
    expect([...owners.values()].map((of) => of.size)).to.deep.equal(new Array(12).fill(1));
  });

  it("by blocks are stretches of the set", () => {
    const parts = partition({ data: tenLabels(11), participants: 3, scheme: { kind: "blocks" }, seed: 1 });
    expect(parts.map((part) => [...part])).to.deep.equal([
      [0, 1, 2, 3],
      [4, 5, 6],
      [7, 8, 9, 10],
    ]);
  });

  it("by label are refused for real targets and for several targets an example, by group where there are none", () => {
    const deal = (data: PartitionOptions["data"], scheme: PartitionScheme) => () =>
      partition({ data, participants: 2, scheme, seed: 1 });
    const real = { count: 4, targets: { shape: [], values: Float32Array.of(0.5, 1, 2, 3) }, classes: 0 };
    const several = { count: 4, targets: { shape: [2], values: new Int32Array(8) }, classes: 2 };
    for (const data of [real, several]) {
      for (const scheme of [
        { kind: "dirichlet", alpha: 1 },
        { kind: "shards", shardsPerParticipant: 1 },
      ] as const)
        expect(deal(data, scheme)).to.throw(
          PacelineError,
          /have not one class each; deal them by iid, quantity, group/,
        );
      for (const scheme of [{ kind: "iid" }, { kind: "quantity", beta: 1 }, { kind: "blocks" }] as const)
        expect(deal(data, scheme)()).to.have.length(2);
    }
    expect(deal(real, { kind: "group" })).to.throw(PacelineError, /no groups to be dealt by/);
    const grouped = { ...real, groups: Int32Array.of(7, 7, 7, 7) };
    expect(deal(grouped, { kind: "group" })).to.throw(PacelineError, /1 groups do not give 2 participants one each/);
    const uneven = { ...real, groups: Int32Array.of(7, 7, 7, 8) };
    const options = { data: uneven, participants: 2, scheme: { kind: "group" }, seed: 1, minimumCount: 2 } as const;
    expect(() => partition(options)).to.throw(PacelineError, /somebody gets 1 examples, less than 2/);
  });

  it("are refused where there is too little to deal or a parameter is out of range", () => {
    const data = tenLabels(20);
    const deal = (change: object) => () =>
      partition({ data, participants: 5, scheme: { kind: "iid" }, seed: 1, ...change });
    expect(deal({ minimumCount: 5 })).to.throw(PacelineError, /20 examples do not give 5 participants 5 each/);
    expect(deal({ participants: 0 })).to.throw(PacelineError, /participants/);
    expect(deal({ scheme: { kind: "dirichlet", alpha: 0 } })).to.throw(PacelineError, /alpha/);
    expect(deal({ scheme: { kind: "quantity", beta: Infinity } })).to.throw(PacelineError, /beta/);
    expect(deal({ scheme: { kind: "shards", shardsPerParticipant: 5 } })).to.throw(PacelineError, /shards/);
  });
});
