import { describe, it } from "mocha";
import { expect } from "chai";
import { PacelineError } from "../../node/core/errors.ts";
import type { Dataset } from "../../node/data/dataset.ts";
import { splitDataset } from "../../node/data/split.ts";
import { fitStandardiser, standardise } from "../../node/data/standardise.ts";

/** Example i has the features 10·i + 1 and 4, and the label i mod 3. */
function numbered(count: number): Dataset {
  return {
    count,
    inputs: [{ shape: [2], values: Float32Array.from({ length: 2 * count }, (_, i) => (i % 2 ? 4 : 5 * i + 1)) }],
    targets: { shape: [], values: Int32Array.from({ length: count }, (_, i) => i % 3) },
    classes: 3,
  };
}

const featuresOf = ({ inputs }: Dataset): Float32Array => inputs[0]?.values as Float32Array;

const idsOf = (data: Dataset): number[] =>
  Array.from({ length: data.count }, (_, row) => ((featuresOf(data)[2 * row] as number) - 1) / 10);

describe("splits", () => {
  it("put every example on one side, with its label, by the seed alone", () => {
    const { train, heldOut } = splitDataset(numbered(50), 0.2, 7);
    expect([train.count, heldOut.count]).to.deep.equal([40, 10]);
    expect([...idsOf(train), ...idsOf(heldOut)].sort((a, b) => a - b)).to.deep.equal([...Array(50).keys()]);
    for (const part of [train, heldOut])
      expect([...part.targets.values]).to.deep.equal(idsOf(part).map((id) => id % 3));
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
  const withFeatures = (...values: number[]): Dataset => ({
    ...numbered(values.length / 2),
    inputs: [{ shape: [2], values: Float32Array.from(values) }],
  });

  it("brings the training part to mean 0 and deviation 1, shifts the rest alike, and leaves constants at zero", () => {
    const train = numbered(4); // first feature 1, 11, 21, 31: mean 16, deviation √125
    const fit = fitStandardiser(train);
    expect([...(fit[0]?.mean ?? [])]).to.deep.equal([16, 4]);
    expect(fit[0]?.stddev[0]).to.be.closeTo(Math.sqrt(125), 1e-12);
    expect(fit[0]?.stddev[1]).to.equal(1);
    const other = featuresOf(standardise(withFeatures(26, 5), fit));
    expect(other[0]).to.be.closeTo(10 / Math.sqrt(125), 1e-6);
    expect(other[1]).to.equal(1);
  });

  it("takes rounding in a constant feature for what it is", () => {
    const [fit] = fitStandardiser(withFeatures(...Array<number>(14).fill(0.1)));
    expect([...(fit?.stddev ?? [])]).to.deep.equal([1, 1]);
  });

  it("leaves integers, which are names, as they are, and scales each input by itself", () => {
    const data: Dataset = {
      ...numbered(2),
      inputs: [
        { shape: [2], values: Int32Array.of(7, 9, 11, 9) },
        { shape: [1, 1], values: Float32Array.of(2, 6) },
      ],
    };
    const [words, numbers] = standardise(data, fitStandardiser(data)).inputs;
    expect([...(words?.values ?? [])]).to.deep.equal([7, 9, 11, 9]);
    expect(numbers).to.deep.equal({ shape: [1, 1], values: Float32Array.of(-1, 1) });
    expect(() => standardise(numbered(2), fitStandardiser(data))).to.throw(PacelineError, /for 2 inputs/);
  });
});
