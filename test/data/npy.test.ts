import { inflateSync } from "node:zlib";
import { join } from "node:path";
import { describe, it } from "mocha";
import { expect } from "chai";
import fc from "fast-check";
import { PacelineError } from "../../node/core/errors.ts";
import { readNpy } from "../../node/data/npy/npy.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

const unpack = (text: string): Buffer => inflateSync(Buffer.from(text, "base64"));

/** Files that numpy 2.4 wrote (numpy.lib.format.write_array), deflated. */
const WRITTEN = {
  "float32, little-endian": [
    "eNqb7BfqGxDJyFDGUK2eklqcXKRupaBuk2airqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RpGOgrGmjoKtQpkAy4GhgP2DECCgcHBgYGhAYhXAPGBAwAgmSDT",
    [2, 3],
    [1.5, -2, 3, 4, 5.25, -6],
  ],
  "float64, big-endian": [
    "eNqb7BfqGxDJyFDGUK2eklqcXKRupaBul2ahrqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RpGOgrGmjoKtQpkAy77HwxgcABCMThwQGkBKC0KlZeA0ADyOR8u",
    [2, 3],
    [1.5, -2, 3, 4, 5.25, -6],
  ],
  "int32 in Fortran order": [
    "eNqb7BfqGxDJyFDGUK2eklqcXKRupaBuk2mirqOgnpZfVFKUmBefX5SSChIPKSpNBQoXZyQWpAK5GkY6CsY6CiaaOgq1CmQCrt/////3Z2BgEAfibCA2BuJ2IGYC4jAglgPiIiC2AuI+IOYE4lggVgXiSiB2BOKpQCwAxClArAPEDUDsAcRzgBgASwEmdQ==",
    [2, 3, 4],
    Array.from({ length: 24 }, (_, i) => 7 * i - 5),
  ],
  "int64 in version 2": [
    "eNqb7BfqGxDJxFDCwMBQrZ6SWpxcpG6loG6TaaGuo6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GsY6mjoKtQpkAy5mBgj4jwD1ID4AKjUmlw==",
    [3],
    [3, -1, 2147483647],
  ],
  "uint8 in version 3": [
    "eNqb7BfqGxDJzFDCwMBQrZ6SWpxcpG6loF5Taqiuo6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GsY6mjoKtQpkAy6GE/8BlUgdLQ==",
    [3],
    [0, 200, 255],
  ],
  booleans: [
    "eNqb7BfqGxDJyFDGUK2eklqcXKRupaBek2SorqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RpGOgqGmjoKtQpkAy5GBgClFhuk",
    [2, 1],
    [1, 0],
  ],
  "uint16, big-endian": [
    "eNqb7BfqGxDJyFDGUK2eklqcXKRupaBuV2qkrqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RpGOpo6CrUKFAAuBkZGJgDGdhts",
    [2],
    [1, 258],
  ],
} as const;

const header = (text: string, version = 1): Buffer => {
  const length = Buffer.alloc(version === 1 ? 2 : 4);
  length.writeUIntLE(text.length, 0, length.length);
  return Buffer.concat([
    Buffer.from(`\x93NUMPY${String.fromCharCode(version)}\0`, "latin1"),
    length,
    Buffer.from(text),
  ]);
};
const npy = (descr: string, shape: string, values: Uint8Array, order = "False"): Buffer =>
  Buffer.concat([header(`{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}, }\n`), values]);

describe("NPY files", () => {
  const folder = temporaryFolder();

  for (const [what, [packed, shape, values]] of Object.entries(WRITTEN)) {
    it(`are read as numpy wrote them: ${what}`, () => {
      const array = readNpy(folder.write("good.npy", unpack(packed)));
      expect(array.shape).to.deep.equal(shape);
      expect([...array.values]).to.deep.equal(values);
      expect(array.values).to.be.instanceOf(what.startsWith("float") ? Float32Array : Int32Array);
    });
  }

  it("may be longer than one piece of reading", () => {
    const values = Float32Array.from({ length: 150_001 }, (_, i) => i + 0.5);
    const array = readNpy(folder.write("long.npy", npy("'<f4'", "(150001,)", new Uint8Array(values.buffer))));
    expect(array.values).to.deep.equal(values);
  });

  const four = new Uint8Array(4);
  const malformed: readonly [string, Uint8Array, RegExp][] = [
    ["other bytes at the beginning", Buffer.from("PK\x03\x04 and so on"), /bad\.npy: it does not begin as an NPY file/],
    ["no bytes", new Uint8Array(0), /does not begin/],
    ["an unknown version", header("{}", 7), /version 7/],
    ["an end in the header's length", Buffer.from("\x93NUMPY\x02\0\0\0", "latin1"), /ends after 10 bytes/],
    ["an end in the header", header("{'descr': '<f4'").subarray(0, 16), /16 bytes of 25/],
    ["a huge header", Buffer.from("\x93NUMPY\x02\0\xff\xff\xff\xff", "latin1"), /4294967295 bytes, more than 10000/],
    ["no type", header("{'fortran_order': False, 'shape': (1,)}"), /of type none/],
    ["Python objects", npy("'|O'", "(1,)", four), /of type '\|O'; convert them to one of f4/],
    ["complex numbers", npy("'<c8'", "(1,)", new Uint8Array(8)), /of type '<c8'/],
    ["a structured type", npy("[('a', '<f4')]", "(1,)", four), /a structured type/],
    ["no order", header("{'descr': '<f4', 'shape': (1,)}"), /fortran_order/],
    ["a shape that is none", npy("'<f4'", "(1,,2)", four), /shape \(1,,2\) is no shape/],
    ["a size below zero", npy("'<f4'", "(-1,)", four), /does not say its shape/],
    [
      "a missing byte",
      npy("'<f4'", "(1,)", new Uint8Array(3)),
      /\d+ bytes, but its header \(f4, shape 1\) asks for \d+/,
    ],
    ["a byte too many", npy("'<f4'", "(1,)", new Uint8Array(5)), /asks for/],
    ["more values than there could be", npy("'<f4'", "(999999999, 999999999)", four), /more than 268435456 values/],
    [
      "a value that is no number",
      npy("'>f4'", "(1,)", Buffer.from("7fc00000", "hex")),
      /value 0 .* is NaN, not a finite/,
    ],
    ["a float64 beyond float32", npy("'>f8'", "(1,)", Buffer.from("7f00000000000000", "hex")), /not a finite float32/],
    [
      "an int64 beyond int32",
      npy("'>i8'", "(1,)", Buffer.from("0000000080000000", "hex")),
      /2147483648, which does not/,
    ],
  ];
  for (const [what, bytes, message] of malformed) {
    it(`are refused with ${what}`, () => {
      expect(() => readNpy(folder.write("bad.npy", bytes)))
        .to.throw(PacelineError, message)
        .with.property("code", "bad-input");
    });
  }

  it("are missed by name", () => {
    expect(() => readNpy(join(folder.path, "none.npy")))
      .to.throw(PacelineError, /none\.npy/)
      .with.property("code", "not-found");
  });

  it("never do worse than be refused, whatever bytes there are or a bad disk made of them", () => {
    const good = Object.values(WRITTEN).map(([packed]) => unpack(packed));
    const damaged = fc
      .tuple(
        fc.constantFrom(...good),
        fc.array(fc.tuple(fc.nat(223), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        fc.nat(224),
      )
      .map(([bytes, changes, length]) => {
        const copy = Buffer.from(bytes);
        for (const [at, value] of changes) if (at < copy.length) copy[at] = value;
        return copy.subarray(0, length < 20 ? length : undefined);
      });
    const prefixed = fc
      .tuple(fc.integer({ min: 1, max: 3 }), fc.uint8Array({ maxLength: 80 }))
      .map(([version, rest]) => Buffer.concat([header("", version).subarray(0, 8), rest]));
    fc.assert(
      fc.property(fc.oneof(damaged, prefixed, fc.uint8Array()), (bytes) => {
        try {
          const { shape, values } = readNpy(folder.write("any.npy", bytes));
          expect(values.length).to.equal(shape.reduce((product, size) => product * size, 1));
          expect(values.every(Number.isFinite)).to.equal(true);
        } catch (error) {
          expect(error).to.be.instanceOf(PacelineError);
        }
      }),
      { seed: 4, numRuns: 500 },
    );
  }).timeout(20_000);
});
