import { describe, it } from "mocha";
import { expect } from "chai";
import fc from "fast-check";
import { encodeAbiParameters, keccak256 as viemKeccak256, parseAbiParameters } from "viem";
import {
  abiWord,
  concatBytes,
  fromHex,
  keccak256,
  keccakWords,
  toAddress,
  toHex,
  type Hex,
} from "../../node/core/bytes.ts";
import { SEEDED } from "../helpers/seeded.ts";

const bytes = fc.uint8Array({ maxLength: 80 });

describe("hexadecimal", () => {
  it("round-trips any bytes", () => {
    fc.assert(
      fc.property(bytes, (value) => {
        expect(fromHex(toHex(value))).to.deep.equal(value);
      }),
      SEEDED,
    );
  });

  it("writes a view of a larger buffer, not the buffer", () => {
    expect(toHex(Uint8Array.of(1, 2, 3, 4).subarray(1, 3))).to.equal("0x0203");
  });

  for (const text of ["", "0x0", "0xzz", "abcd", "0x12 ", " 0x12"]) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(() => fromHex(text))
        .to.throw()
        .with.property("code", "bad-argument");
    });
  }

  it("concatenates into memory of its own", () => {
    const first = Uint8Array.of(1, 2);
    const joined = concatBytes(first, new Uint8Array(0), Uint8Array.of(3));
    first[0] = 9;
    expect([...joined]).to.deep.equal([1, 2, 3]);
  });
});

describe("toAddress", () => {
  it("lowercases, so that addresses compare with ===", () => {
    expect(toAddress("0x52908400098527886E0F7030069857D2E4169EE7")).to.equal(
      "0x52908400098527886e0f7030069857d2e4169ee7",
    );
  });

  it("refuses anything but 20 bytes", () => {
    for (const text of [
      "0x",
      `0x${"ab".repeat(19)}`,
      `0x${"ab".repeat(21)}`,
      "ab".repeat(20),
      `0x${"gg".repeat(20)}`,
    ]) {
      expect(() => toAddress(text))
        .to.throw()
        .with.property("code", "bad-argument");
    }
  });
});

describe("abiWord", () => {
  it("pads on the left to 32 bytes", () => {
    expect(toHex(abiWord(0x1234))).to.equal(`0x${"0".repeat(60)}1234`);
    expect(abiWord(2n ** 256n - 1n).every((byte) => byte === 255)).to.equal(true);
  });

  it("is never shorter than a word, so it refuses what has no 32-byte form", () => {
    const wrong: (bigint | number | Hex)[] = [
      -1,
      -1n,
      2n ** 256n,
      1.5,
      NaN,
      Infinity,
      "0x",
      "0xzz",
      `0x${"0".repeat(65)}`,
    ];
    for (const value of wrong)
      expect(() => abiWord(value), String(value))
        .to.throw()
        .with.property("code", "bad-argument");
  });
});

describe("keccakWords", () => {
  it("hashes as keccak256(abi.encode(...)) does in Solidity", () => {
    const types = parseAbiParameters("uint256, address, bytes32, uint32");
    const word = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(toHex);
    const address = fc.uint8Array({ minLength: 20, maxLength: 20 }).map(toHex);
    const cases = fc.tuple(
      fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }),
      address,
      word,
      fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    );
    fc.assert(
      fc.property(cases, (values) => {
        expect(keccakWords(...values)).to.equal(viemKeccak256(encodeAbiParameters(types, values)));
      }),
      SEEDED,
    );
  });

  it("hashes bytes as Ethereum does, not as the later SHA-3 standard", () => {
    expect(toHex(keccak256(new Uint8Array(0)))).to.equal(
      "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470",
    );
  });
});
