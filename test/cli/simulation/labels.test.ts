import { expect } from "chai";
import { describe, it } from "mocha";
import { tallyLabels } from "../../../node/cli/simulation/labels.ts";
import { dataContractSchema, type DataContractInput } from "../../../node/data/contract.ts";
import type { Dataset } from "../../../node/data/dataset.ts";

const withTargets = (values: Int32Array | Float32Array, classes: number, shape: readonly number[] = []): Dataset => ({
  count: values.length / shape.reduce((product, size) => product * size, 1),
  inputs: [],
  targets: { shape, values },
  classes,
});

const tableOf = (label: object): DataContractInput =>
  ({ kind: "table", columns: [{ name: "a", type: "number" }], label: { column: "b", ...label } }) as DataContractInput;

describe("what participants hold", () => {
  it("is counted by class, by the names of the contract", () => {
    const contract = dataContractSchema.parse(tableOf({ type: "class", classes: ["ill", "well", "unsure"] }));
    const sets = [withTargets(Int32Array.of(0, 1, 1), 3), withTargets(Int32Array.of(2, 0, 2, 2), 3)];
    expect(tallyLabels(sets, contract)).to.deep.equal({
      labels: { of: "class", names: ["ill", "well", "unsure"] },
      counts: [
        [1, 2, 0],
        [1, 0, 3],
      ],
    });
  });

  it("does not count the padding of sequences", () => {
    const contract = dataContractSchema.parse({ kind: "characters", vocabulary: "\nab", length: 4 });
    const tally = tallyLabels([withTargets(Int32Array.of(2, 1, -1, -1, 2, 2, 0, -1), 3, [4])], contract);
    expect(tally).to.deep.equal({ labels: { of: "class", names: ["\\n", "a", "b"] }, counts: [[1, 1, 3]] });
  });

  it("shows the forty most common of many classes, in their order", () => {
    const classes = 50;
    // class k occurs k times, but for the first, which is the most common one
    const targets = Int32Array.from(
      Array.from({ length: classes }, (_, k) => new Array<number>(k === 0 ? 99 : k).fill(k)).flat(),
    );
    const { labels, counts } = tallyLabels(
      [withTargets(targets, classes)],
      dataContractSchema.parse({ kind: "array", target: { type: "class", classes } }),
    );
    expect(labels.names).to.deep.equal(["0", ...Array.from({ length: 39 }, (_, i) => `${i + 11}`)]);
    expect(counts[0]).to.deep.equal([99, ...Array.from({ length: 39 }, (_, i) => i + 11)]);
  });

  it("is counted in ten equal stretches where the target is a number, named in its own unit", () => {
    const contract = dataContractSchema.parse(tableOf({ type: "number", scale: "standardise", mean: 50, stddev: 20 }));
    // from −2 to 3, so that a stretch is half a standard deviation: 10
    const { labels, counts } = tallyLabels(
      [withTargets(Float32Array.of(-2, -1.6, 0.3, 3), 0), withTargets(Float32Array.of(-1.4, 2.6), 0)],
      contract,
    );
    expect(labels.of).to.equal("target");
    expect(labels.names.slice(0, 4)).to.deep.equal(["10.00", "20.00", "30.00", "40.00"]);
    expect(counts).to.deep.equal([
      [2, 0, 0, 0, 1, 0, 0, 0, 0, 1],
      [0, 1, 0, 0, 0, 0, 0, 0, 0, 1],
    ]);
  });

  it("is one stretch where all targets are equal", () => {
    const contract = dataContractSchema.parse(tableOf({ type: "number" }));
    const tally = tallyLabels([withTargets(Float32Array.of(4, 4, 4), 0)], contract);
    expect(tally).to.deep.equal({ labels: { of: "target", names: ["4.000"] }, counts: [[3]] });
  });
});
