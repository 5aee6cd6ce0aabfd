import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "mocha";
import { expect } from "chai";
import { PacelineError } from "../../node/core/errors.ts";
import { type ArrayContract, arrayContractSchema, arrayShape, missingInArray } from "../../node/data/contract/array.ts";
import { fitArrays, loadArrays } from "../../node/data/npy/load.ts";
import { npyFile } from "./npyFile.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

const contract = (change: object = {}): ArrayContract => arrayContractSchema.parse({ kind: "array", ...change });

describe("arrays", () => {
  const root = temporaryFolder();
  let folders = 0;
  const source = (arrays: Readonly<Record<string, Uint8Array>>) => {
    const path = join(root.path, `set${++folders}`);
    mkdirSync(path);
    for (const [name, bytes] of Object.entries(arrays)) root.write(`set${folders}/${name}.npy`, bytes);
    return { format: "npy", path };
  };
  const x = npyFile([3, 2], Float32Array.of(1, 10, 2, 10, 6, 10));

  it("give shapes, classes and scale to a contract that leaves them open, and are read by it", () => {
    const set = source({ x, y: npyFile([3], Int32Array.of(2, 0, 1)), groups: npyFile([3], Int32Array.of(5, 5, 0)) });
    const open = contract({ scale: "standardise" });
    expect(missingInArray(open)).to.deep.equal(["shape", "target.shape", "target.classes", "mean", "stddev"]);
    expect(() => arrayShape(open)).to.throw(PacelineError, /fit the contract/);
    const fitted = fitArrays(set, open);
    const deviation = Math.sqrt(14 / 3); // of 1, 2 and 6, whose mean is 3
    expect(fitted).to.deep.include({ shape: [2], target: { type: "class", shape: [], classes: 3 }, mean: [3, 10] });
    expect(fitted.stddev?.[0]).to.be.closeTo(deviation, 1e-12);
    expect(fitted.stddev?.[1]).to.equal(1);
    expect(arrayContractSchema.parse(fitted)).to.deep.equal(fitted);

    const data = loadArrays(set, fitted);
    expect(data).to.deep.equal({
      count: 3,
      inputs: [{ shape: [2], values: Float32Array.from([-2 / deviation, 0, -1 / deviation, 0, 3 / deviation, 0]) }],
      targets: { shape: [], values: Int32Array.of(2, 0, 1) },
      classes: 3,
      groups: Int32Array.of(5, 5, 0),
    });
  });

  it("may be of numbers that stand for something, with targets padded by -1", () => {
    const set = source({
      x: npyFile([2, 3], Int32Array.of(4, 1, 0, 7, 0, 0)),
      y: npyFile([2, 3], Int32Array.of(1, 0, -1, 2, -1, -1)),
    });
    const fitted = fitArrays(set, contract({ type: "int32" }));
    expect(fitted).to.include({ bound: 8 });
    expect(arrayShape(fitted)).to.deep.equal({
      inputs: [{ type: "int32", shape: [3] }],
      targets: { type: "int32", shape: [3] },
      classes: 3,
    });
    expect(loadArrays(set, fitted).targets.values).to.deep.equal(Int32Array.of(1, 0, -1, 2, -1, -1));
    expect(() => loadArrays(set, { ...fitted, bound: 7 })).to.throw(
      PacelineError,
      /x\.npy: row 2: there is 7; .* 0 to 6/,
    );
  });

  it("may have real targets, and whole numbers in floats may be classes", () => {
    const numbers = contract({ target: { type: "number" } });
    const set = source({ x, y: npyFile([3], Float32Array.of(1.5, -2, 0)) });
    expect(loadArrays(set, fitArrays(set, numbers)).targets.values).to.deep.equal(Float32Array.of(1.5, -2, 0));
    const whole = source({ x, y: npyFile([3], Float32Array.of(1, 3, 0)) });
    expect(loadArrays(whole, fitArrays(whole, contract()))).to.deep.include({ classes: 4 });
  });

  const fitted = contract({ shape: [2], target: { type: "class", shape: [], classes: 3 } });
  const y = npyFile([3], Int32Array.of(2, 0, 1));
  const faults: readonly [string, Record<string, Uint8Array>, RegExp][] = [
    [
      "another shape than the contract's",
      { x: npyFile([3, 1], Float32Array.of(1, 2, 3)), y },
      /x\.npy: an example has the shape \[1\], the contract says \[2\]/,
    ],
    [
      "fewer targets than examples",
      { x, y: npyFile([2], Int32Array.of(0, 1)) },
      /y\.npy: 2 examples, but .*x\.npy has 3/,
    ],
    [
      "a class that there is not",
      { x, y: npyFile([3], Int32Array.of(2, 0, 3)) },
      /y\.npy: row 3: there is 3; .* 0 to 2/,
    ],
    [
      "padding where an example has one target",
      { x, y: npyFile([3], Int32Array.of(2, -1, 1)) },
      /y\.npy: row 2: there is -1/,
    ],
    [
      "a class that is a fraction",
      { x, y: npyFile([3], Float32Array.of(0, 1.5, 1)) },
      /y\.npy: row 2: there is 1\.5; a whole number/,
    ],
    ["one class only", { x, y: npyFile([3], Int32Array.of(1, 1, 1)) }, /y\.npy: every example is of the class "1"/],
    ["no examples", { x: npyFile([0, 2], new Float32Array(0)), y }, /x\.npy: there are no examples/],
    ["a single number", { x: npyFile([], Float32Array.of(1)), y }, /x\.npy: there are no examples/],
    [
      "groups below zero",
      { x, y, groups: npyFile([3], Int32Array.of(0, -1, 1)) },
      /groups\.npy: groups are whole numbers/,
    ],
  ];
  for (const [what, arrays, message] of faults) {
    it(`are refused with ${what}`, () => {
      expect(() => loadArrays(source(arrays), fitted))
        .to.throw(PacelineError, message)
        .with.property("code", "bad-input");
    });
  }

  it("are missed by name", () => {
    expect(() => loadArrays(source({ x }), fitted))
      .to.throw(PacelineError, /y\.npy/)
      .with.property("code", "not-found");
  });

  it("are described by contracts without contradictions", () => {
    for (const change of [
      { type: "int32", scale: "standardise" },
      { bound: 3 },
      { shape: [4, 2], mean: [1, 2, 3, 4] },
      { mean: [0, 0], stddev: [1] },
      { shape: [0] },
    ])
      expect(() => contract(change), JSON.stringify(change)).to.throw();
  });
});
