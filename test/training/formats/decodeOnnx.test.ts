import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { PacelineError } from "../../../node/core/errors.ts";
import { decodeModel } from "../../../node/training/formats/onnx/decode.ts";
import { importOnnx } from "../../../node/training/formats/onnx/importModel.ts";
import type { RawTensor } from "../../../node/training/formats/onnx/rawModel.ts";
import { codeOf } from "../../helpers/errors.ts";
import { SEEDED } from "../../helpers/seeded.ts";
import { kerasCnn, sklearnPerceptron, torchAttention, torchCnn, torchLstm } from "./exporters.ts";
import {
  BOOL,
  DOUBLE,
  FLOAT,
  FLOAT16,
  INT32,
  INT64,
  type OnnxTensor,
  UINT8,
  node,
  value,
  writeOnnx,
} from "./onnxWriter.ts";

function fileWith(tensor: OnnxTensor): Uint8Array {
  return writeOnnx({
    operatorSets: { "": 17 },
    nodes: [node("MatMul", "x w", "y")],
    initialisers: [tensor],
    inputs: [value("x", ["n", 2])],
    outputs: [value("y", ["n", 3])],
  });
}

function decoded(tensor: Omit<OnnxTensor, "name">): RawTensor | undefined {
  return decodeModel(fileWith({ name: "w", ...tensor })).initialisers[0];
}

const dataOf = (tensor: RawTensor | undefined): unknown =>
  tensor === undefined || tensor.type === "string" ? undefined : [...tensor.data];

describe("the reader of ONNX files", () => {
  it("reads floats from raw bytes, packed and one by one", () => {
    const values = [1.5, -2.25, 3e-5, 7];
    const dims = [2, 2];
    const expected = values.map(Math.fround);
    const raw = new Uint8Array(Float32Array.from(values).buffer);
    expect(dataOf(decoded({ dims, dataType: FLOAT, raw }))).to.deep.equal(expected);
    for (const packed of [true, false])
      expect(dataOf(decoded({ dims, dataType: FLOAT, typed: { field: 4, values, packed } }))).to.deep.equal(expected);
  });

  it("reads doubles as float32, in either place", () => {
    const values = [0.1, -1e10];
    const expected = values.map(Math.fround);
    const raw = new Uint8Array(Float64Array.from(values).buffer);
    expect(dataOf(decoded({ dims: [2], dataType: DOUBLE, raw }))).to.deep.equal(expected);
    expect(dataOf(decoded({ dims: [2], dataType: DOUBLE, typed: { field: 10, values } }))).to.deep.equal(expected);
  });

  it("reads half floats by their bits: normal, subnormal, negative, infinite", () => {
    // 1.5, 2^-24, -2, 65504, infinity
    const bits = [0x3e00, 0x0001, 0xc000, 0x7bff, 0x7c00];
    const expected = [1.5, 2 ** -24, -2, 65504, Infinity];
    const raw = new Uint8Array(Uint16Array.from(bits).buffer);
    expect(dataOf(decoded({ dims: [5], dataType: FLOAT16, raw }))).to.deep.equal(expected);
    expect(dataOf(decoded({ dims: [5], dataType: FLOAT16, typed: { field: 5, values: bits } }))).to.deep.equal(
      expected,
    );
  });

  it("keeps 64-bit integers exact and signed", () => {
    const values = [9007199254740993n, -5n, 2n ** 63n - 1n];
    const raw = new Uint8Array(BigInt64Array.from(values).buffer);
    expect(dataOf(decoded({ dims: [3], dataType: INT64, raw }))).to.deep.equal(values);
    for (const packed of [true, false])
      expect(
        dataOf(decoded({ dims: [2], dataType: INT64, typed: { field: 7, values: [300, -5], packed } })),
      ).to.deep.equal([300n, -5n]);
  });

  it("widens small integers and keeps booleans", () => {
    expect(decoded({ dims: [2], dataType: UINT8, raw: Uint8Array.of(200, 7) })).to.deep.include({
      type: "int32",
      data: Int32Array.of(200, 7),
    });
    expect(decoded({ dims: [2], dataType: INT32, typed: { field: 5, values: [-1, 65_000] } })).to.deep.include({
      data: Int32Array.of(-1, 65_000),
    });
    expect(decoded({ dims: [3], dataType: BOOL, raw: Uint8Array.of(1, 0, 1) })).to.deep.include({
      type: "bool",
      data: Uint8Array.of(1, 0, 1),
    });
  });

  // slices of a Buffer are no copies, and small ones lie in a pool
  it("reads a Buffer as it reads other bytes", () => {
    const raw = new Uint8Array(Float32Array.of(1.5, -2).buffer);
    const file = fileWith({ name: "w", dims: [2, 1], dataType: FLOAT, raw });
    expect(decodeModel(Buffer.from(file)).initialisers).to.deep.equal(decodeModel(file).initialisers);
  });

  it("says that weights in another file must be brought inside", () => {
    expect(() => decoded({ dims: [2, 3], dataType: FLOAT, external: true })).to.throw(
      PacelineError,
      /"w" keeps its data in another file/,
    );
  });

  it("refuses data that is not of its shape's size, naming the initialiser", () => {
    const raw = new Uint8Array(20);
    expect(() => decoded({ dims: [2, 3], dataType: FLOAT, raw })).to.throw(PacelineError, /"w".*6 elements.*20 bytes/);
    expect(codeOf(() => decoded({ dims: [2 ** 40], dataType: INT64, typed: { field: 7, values: [1] } }))).to.equal(
      "bad-input",
    );
  });

  it("refuses an element type that it does not know", () => {
    expect(() => decoded({ dims: [1], dataType: 14, raw: new Uint8Array(8) })).to.throw(PacelineError, /type 14/);
  });

  it("refuses functions, which only newer programs inline", () => {
    const file = { ...torchCnn(), functions: 1 };
    expect(() => decodeModel(writeOnnx(file))).to.throw(PacelineError, /inlined/);
  });

  it("refuses what is no ONNX file at all", () => {
    for (const text of ["", "hello, world, this is a text", '{"format":"layers-model"}'])
      expect(codeOf(() => decodeModel(new TextEncoder().encode(text)))).to.equal("bad-input");
  });

  it("refuses a file that is cut short, wherever it is cut", () => {
    const file = writeOnnx(torchCnn());
    const graphEnd = file.length - 4; // the operator set comes last
    for (let length = 0; length < graphEnd; length += 7)
      expect(
        codeOf(() => importOnnx(file.subarray(0, length))),
        `after ${length} bytes`,
      ).to.equal("bad-input");
  });
});

describe("any damage to an ONNX file", () => {
  const files = [torchCnn(), torchLstm(), torchAttention(), kerasCnn(), sklearnPerceptron(2)].map((file) =>
    writeOnnx(file),
  );
  /** Structure, not weights, is where damage does harm: most of it stands in the first kilobytes. */
  const damage = fc.array(fc.record({ at: fc.nat(4000), byte: fc.nat(255), where: fc.constantFrom("start", "end") }), {
    minLength: 1,
    maxLength: 6,
  });

  for (const [i, file] of files.entries()) {
    it(`is told by an error of Paceline's own, or changes numbers only (file ${i + 1})`, () => {
      let refused = 0;
      fc.assert(
        fc.property(damage, (changes) => {
          const damaged = file.slice();
          for (const { at, byte, where } of changes)
            damaged[where === "start" ? at % damaged.length : damaged.length - 1 - (at % damaged.length)] = byte;
          if (codeOf(() => importOnnx(damaged)) !== "none") refused++;
        }),
        { ...SEEDED, numRuns: 300 },
      );
      expect(refused).to.be.above(50);
    });
  }

  it("by pieces that are left out or doubled is told so, too", () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.nat(200), fc.boolean(), (which, at, length, doubled) => {
        const file = files[which % files.length]!;
        const from = at % file.length;
        const piece = file.subarray(from, from + length);
        const rest = file.subarray(from + length);
        const parts = doubled ? [file.subarray(0, from), piece, piece, rest] : [file.subarray(0, from), rest];
        codeOf(() => importOnnx(new Uint8Array(Buffer.concat(parts))));
      }),
      { ...SEEDED, numRuns: 500 },
    );
  });
});
