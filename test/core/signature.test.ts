import { describe, it } from "mocha";
import { expect } from "chai";
import fc from "fast-check";
import { parseSignature, recoverAddress, signatureToCompactSignature } from "viem";
import { privateKeyToAccount, sign } from "viem/accounts";
import { fromHex, keccak256, toHex, type Hex } from "../../node/core/bytes.ts";
import { PacelineError } from "../../node/core/errors.ts";
import {
  addressOfPrivateKey,
  addressOfPublicKey,
  compactSignature,
  recoverSigner,
  signDigest,
} from "../../node/core/signature.ts";
import { FEW, SEEDED } from "../helpers/seeded.ts";

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const word = (value: bigint): string => value.toString(16).padStart(64, "0");
const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });

const KEY = keccak256(Uint8Array.of(1));
const DIGEST = keccak256(Uint8Array.of(2));
const SIGNATURE = signDigest(DIGEST, KEY);
const SIGNER = addressOfPrivateKey(KEY);

/** SIGNATURE with parts of it replaced. */
function forged({
  r = SIGNATURE.slice(2, 66),
  s = SIGNATURE.slice(66, 130),
  v = Number.parseInt(SIGNATURE.slice(130), 16),
}): Hex {
  return `0x${r}${s}${v.toString(16).padStart(2, "0")}`;
}

describe("signDigest and recoverSigner", () => {
  it("agree with viem, byte for byte, in both directions", async () => {
    await fc.assert(
      fc.asyncProperty(bytes32.map(keccak256), bytes32, async (key, digest) => {
        const address = privateKeyToAccount(toHex(key)).address.toLowerCase();
        const signature = signDigest(digest, key);
        expect(addressOfPrivateKey(key)).to.equal(address);
        expect(signature).to.equal(await sign({ hash: toHex(digest), privateKey: toHex(key), to: "hex" }));
        expect(recoverSigner(digest, signature)).to.equal(address);
        expect((await recoverAddress({ hash: toHex(digest), signature })).toLowerCase()).to.equal(address);
      }),
      FEW,
    );
  });

  it("sign deterministically, with either v and s in the lower half", () => {
    const signatures = Array.from({ length: 40 }, (_, i) => signDigest(keccak256(Uint8Array.of(i)), KEY));
    expect(signDigest(DIGEST, KEY)).to.equal(SIGNATURE);
    expect(new Set(signatures.map((signature) => signature.slice(130)))).to.deep.equal(new Set(["1b", "1c"]));
    for (const signature of signatures) expect(BigInt(`0x${signature.slice(66, 130)}`) <= ORDER / 2n).to.equal(true);
  });

  it("name somebody else for another digest", () => {
    expect(recoverSigner(keccak256(Uint8Array.of(3)), SIGNATURE)).to.not.equal(SIGNER);
  });

  it("refuse the other signature of the same message (high s), which viem would take", async () => {
    const s = word(ORDER - BigInt(`0x${SIGNATURE.slice(66, 130)}`));
    const v = SIGNATURE.endsWith("1b") ? 28 : 27;
    const other = forged({ s, v });
    expect((await recoverAddress({ hash: toHex(DIGEST), signature: other })).toLowerCase()).to.equal(SIGNER);
    expect(recoverSigner(DIGEST, other)).to.equal(undefined);
  });

  it("refuse a v other than 27 and 28", () => {
    for (const v of [0, 1, 2, 26, 29, 30, 35, 255])
      expect(recoverSigner(DIGEST, forged({ v })), `${v}`).to.equal(undefined);
  });

  it("refuse v = 29 and 30 where they do name a key: r + order on the curve", () => {
    for (let r = 1n; r <= 20n; r++) {
      for (const v of [29, 30])
        expect(recoverSigner(DIGEST, forged({ r: word(r), s: word(1n), v }))).to.equal(undefined);
    }
  });

  it("refuse r and s that are zero or beyond the order", () => {
    const [zero, order] = [word(0n), word(ORDER)];
    const wrong = [
      { r: zero },
      { s: zero },
      { r: zero, s: zero },
      { r: order },
      { s: order },
      { r: word(2n ** 256n - 1n) },
      { r: word(ORDER - 1n), s: order },
    ];
    for (const parts of wrong) expect(recoverSigner(DIGEST, forged(parts))).to.equal(undefined);
    expect(recoverSigner(DIGEST, forged({ s: word(ORDER / 2n + 1n) }))).to.equal(undefined);
    expect(recoverSigner(DIGEST, forged({ s: word(ORDER / 2n) }))).to.not.equal(SIGNER);
  });

  it("refuse anything of another length, and what is no hexadecimal", () => {
    const wrong = [
      "0x",
      SIGNATURE.slice(0, -2),
      `${SIGNATURE}00`,
      SIGNATURE.slice(2),
      `${SIGNATURE.slice(0, -1)}g`,
      `0x${" ".repeat(130)}`,
    ];
    for (const text of wrong) expect(recoverSigner(DIGEST, text as Hex)).to.equal(undefined);
  });

  it("never throw, whatever is given", () => {
    const signature = fc.oneof(
      fc.uint8Array({ minLength: 65, maxLength: 65 }).map(toHex),
      fc
        .tuple(fc.uint8Array({ minLength: 64, maxLength: 64 }), fc.constantFrom("1b", "1c"))
        .map(([rs, v]) => `${toHex(rs)}${v}` as Hex),
      fc.string().map((text) => text as Hex),
    );
    fc.assert(
      fc.property(fc.oneof(bytes32, fc.uint8Array({ maxLength: 70 })), signature, (digest, given) => {
        const signer = recoverSigner(digest, given);
        if (signer !== undefined) expect(signer).to.match(/^0x[0-9a-f]{40}$/);
      }),
      { ...SEEDED, numRuns: 500 },
    );
    expect(recoverSigner(new Uint8Array(31), SIGNATURE)).to.equal(undefined);
    expect(recoverSigner(DIGEST, undefined as unknown as Hex)).to.equal(undefined);
  });
});

describe("addresses", () => {
  it("are the ones everybody knows", () => {
    // The first account of the mnemonic "test test … junk".
    const key = fromHex("0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80");
    expect(addressOfPrivateKey(key)).to.equal("0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266");
  });

  it("refuse keys outside the curve's order and malformed public keys", () => {
    for (const key of [
      new Uint8Array(32),
      fromHex(`0x${word(ORDER)}`),
      new Uint8Array(31).fill(1),
      new Uint8Array(33).fill(1),
    ]) {
      expect(() => addressOfPrivateKey(key))
        .to.throw()
        .with.property("code", "bad-argument");
    }
    for (const key of [new Uint8Array(65), new Uint8Array(64).fill(4), new Uint8Array(33).fill(2)]) {
      expect(() => addressOfPublicKey(key))
        .to.throw()
        .with.property("code", "bad-argument");
    }
  });
});

describe("compactSignature", () => {
  it("gives the examples of EIP-2098", () => {
    const s = [
      "7e865ad05c4035ab5792787d4a0297a43617ae897930a6fe4d822b8faea52064",
      "139c6d6b623b42da56557e5e734a43dc83345ddfadec52cbe24d0cc64f550793",
    ];
    const r = [
      "68a020a209d3d56c46f38cc50a33f704f4a9a10a59377f8dd762ac66910e9b90",
      "9328da16089fcba9bececa81663203989f2df5fe1faa6291a45381c81bd17f76",
    ];
    expect(compactSignature(`0x${r[0]}${s[0]}1b`)).to.deep.equal({ r: `0x${r[0]}`, vs: `0x${s[0]}` });
    expect(compactSignature(`0x${r[1]}${s[1]}1c`)).to.deep.equal({ r: `0x${r[1]}`, vs: `0x93${s[1]!.slice(2)}` });
  });

  it("agrees with viem", () => {
    fc.assert(
      fc.property(bytes32.map(keccak256), bytes32, (key, digest) => {
        const signature = signDigest(digest, key);
        const { r, yParityAndS } = signatureToCompactSignature(parseSignature(signature));
        expect(compactSignature(signature)).to.deep.equal({ r, vs: yParityAndS });
      }),
      FEW,
    );
  });

  it("refuses what has no such form", () => {
    const upper = (ORDER / 2n + 1n).toString(16).padStart(64, "0");
    for (const wrong of [forged({ v: 0 }), forged({ v: 29 }), forged({ s: upper }), SIGNATURE.slice(0, -2), "0x"]) {
      expect(() => compactSignature(wrong as Hex), wrong)
        .to.throw(PacelineError)
        .with.property("code", "bad-argument");
    }
    expect(compactSignature(forged({ s: (ORDER / 2n).toString(16).padStart(64, "0") })).r).to.have.length(66);
  });
});
