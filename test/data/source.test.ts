import { describe, it } from "mocha";
import { expect } from "chai";
import { PacelineError } from "../../node/core/errors.ts";
import type { Dataset } from "../../node/data/dataset.ts";
import { loadSource } from "../../node/data/source.ts";
import { splitDataset } from "../../node/data/split.ts";
import { fitStandardiser, standardise } from "../../node/data/standardise.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

/** Example i has the features 10·i + 1 and 4, and the label i mod 3. */
function numbered(count: number): Dataset {
  return {
    count,
    width: 2,
    classes: 3,
    features: Float32Array.from({ length: 2 * count }, (_, i) => (i % 2 ? 4 : 5 * i + 1)),
    labels: Int32Array.from({ length: count }, (_, i) => i % 3),
  };
}

const idsOf = (data: Dataset): number[] =>
  [...data.labels.keys()].map((row) => ((data.features[2 * row] as number) - 1) / 10);

describe("splits", () => {
  it("put every example on one side, with its label, by the seed alone", () => {
    const { train, heldOut } = splitDataset(numbered(50), 0.2, 7);
    expect([train.count, heldOut.count]).to.deep.equal([40, 10]);
    expect([...idsOf(train), ...idsOf(heldOut)].sort((a, b) => a - b)).to.deep.equal([...Array(50).keys()]);
    for (const part of [train, heldOut]) expect([...part.labels]).to.deep.equal(idsOf(part).map((id) => id % 3));
    expect(splitDataset(numbered(50), 0.2, 7).heldOut).to.deep.equal(heldOut);
    expect(idsOf(splitDataset(numbered(50), 0.2, 8).heldOut)).to.not.deep.equal(idsOf(heldOut));
  });

  it("leave at least one example on either side", () => {
    expect(splitDataset(numbered(2), 0.01, 1).heldOut.count).to.equal(1);
    expect(splitDataset(numbered(3), 0.99, 1).train.count).to.equal(1);
    expect(() => splitDataset(numbered(1), 0.5, 1)).to.throw(PacelineError);
    expect(() => splitDataset(numbered(5), 1, 1)).to.throw(PacelineError);
  });
});

describe("standardising", () => {
  it("brings the training part to mean 0 and deviation 1, shifts the rest alike, and leaves constants at zero", () => {
    const train = numbered(4); // first feature 1, 11, 21, 31: mean 16, deviation √125
    const fit = fitStandardiser(train);
    expect([...fit.mean]).to.deep.equal([16, 4]);
    expect(fit.stddev[0]).to.be.closeTo(Math.sqrt(125), 1e-12);
    expect(fit.stddev[1]).to.equal(1);
    const other = standardise({ ...numbered(1), features: Float32Array.of(26, 5) }, fit);
    expect(other.features[0]).to.be.closeTo(10 / Math.sqrt(125), 1e-6);
    expect(other.features[1]).to.equal(1);
  });

  it("takes rounding in a constant feature for what it is", () => {
    const constant = { ...numbered(7), features: new Float32Array(14).fill(0.1) };
    expect([...fitStandardiser(constant).stddev]).to.deep.equal([1, 1]);
  });
});

describe("data sources", () => {
  const folder = temporaryFolder();

  it("split a CSV file 80 to 20 and standardise it by its training rows", () => {
    const file = folder.write(
      "rows.csv",
      Array.from({ length: 50 }, (_, i) => `${i},${i * i},${i % 2 ? "odd" : "even"}`).join("\n"),
    );
    const { train, test } = loadSource(`csv:${file}`, { seed: 3 });
    expect([train.count, test.count, train.width, train.classes]).to.deep.equal([40, 10, 2, 2]);
    const firstFeature = train.features.filter((_, i) => i % 2 === 0);
    expect(firstFeature.reduce((sum, value) => sum + value, 0) / 40).to.be.closeTo(0, 1e-6);
    expect(firstFeature.reduce((sum, value) => sum + value * value, 0) / 40).to.be.closeTo(1, 1e-5);
    expect(loadSource(`csv:${file}`, { seed: 3 }).test).to.deep.equal(test);
  });

  it("pass a CSV file's columns on", () => {
    const file = folder.write("labelled.csv", "1,b,5\n2,a,6\n3,b,7\n4,a,8\n");
    const { train } = loadSource(`csv:${file}`, { seed: 1, csv: { label: 2, ignore: [1] } });
    expect([train.width, train.classes]).to.deep.equal([1, 2]);
  });

  it("draw digits, as many as asked for", () => {
    const { train, test } = loadSource("digits", { seed: 4, trainCount: 30, testCount: 20 });
    expect([train.count, test.count, train.width, train.classes]).to.deep.equal([30, 20, 784, 10]);
    expect(test.features.length).to.equal(20 * 784);
  });

  it("are refused with what is possible when of no known kind", () => {
    for (const source of ["", "mnist", "csv:", "digits:5"]) {
      expect(() => loadSource(source, { seed: 1 }))
        .to.throw(PacelineError, /digits, idx:FOLDER or csv:FILE/)
        .with.property("code", "bad-input");
    }
    expect(() => loadSource("idx:no-such-folder", { seed: 1 }))
      .to.throw(PacelineError)
      .with.property("code", "not-found");
  });
});
