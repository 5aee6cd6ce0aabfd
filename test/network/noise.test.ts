import { expect } from "chai";
import { defaultCrypto } from "@libp2p/noise/crypto";
import { Uint8ArrayList } from "uint8arraylist";
import fc from "fast-check";
import { noiseCrypto } from "../../node/network/noise.ts";

const KEY = new Uint8Array(32).fill(7);
const NONCE = Uint8Array.of(0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0);
const NOTHING = new Uint8Array(0);

/** Sizes around the one from which Node's crypto takes over, and up to noise's longest message. */
const aMessage = fc
  .oneof(fc.integer({ min: 0, max: 3_000 }), fc.constantFrom(1_199, 1_200, 1_216, 65_519))
  .map((length) => Uint8Array.from({ length }, (_, i) => (i * 31) & 255));

/** The same bytes as a list of pieces cut anywhere. */
function cut(bytes: Uint8Array, at: readonly number[]): Uint8ArrayList {
  const list = new Uint8ArrayList();
  let from = 0;
  for (const share of at.toSorted((left, right) => left - right)) {
    const to = Math.floor(share * bytes.length);
    if (to > from) list.append(bytes.subarray(from, to));
    from = Math.max(from, to);
  }
  if (from < bytes.length) list.append(bytes.subarray(from));
  return list;
}

describe("noise with Node's crypto", () => {
  it("encrypts to the same bytes as libp2p's own, and decrypts what that has encrypted, however it is cut", () => {
    fc.assert(
      fc.property(aMessage, fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 4 }), (message, cuts) => {
        const expected = defaultCrypto.chaCha20Poly1305Encrypt(message, NONCE, NOTHING, KEY).subarray();
        const sealed = noiseCrypto.chaCha20Poly1305Encrypt(cut(message, cuts), NONCE, NOTHING, KEY).subarray();
        expect(Buffer.compare(sealed, expected)).to.equal(0);
        const whole = noiseCrypto.chaCha20Poly1305Encrypt(message, NONCE, NOTHING, KEY).subarray();
        expect(Buffer.compare(whole, expected)).to.equal(0);
        const opened = noiseCrypto.chaCha20Poly1305Decrypt(cut(expected, cuts), NONCE, NOTHING, KEY).subarray();
        expect(Buffer.compare(opened, message)).to.equal(0);
      }),
      { seed: 1, numRuns: 100 },
    );
  });

  it("refuses what was changed by one bit, at any place of a long and a short message", () => {
    for (const length of [100, 5_000]) {
      const sealed = noiseCrypto.chaCha20Poly1305Encrypt(new Uint8Array(length), NONCE, NOTHING, KEY).subarray();
      for (const place of [0, length - 1, length, length + 15]) {
        const changed = Uint8Array.from(sealed);
        changed[place] = (changed[place] as number) ^ 1;
        expect(() => noiseCrypto.chaCha20Poly1305Decrypt(changed, NONCE, NOTHING, KEY), `${place}`).to.throw();
      }
    }
  });

  it("refuses a message that is shorter than its tag", () => {
    for (const length of [0, 15])
      expect(() => noiseCrypto.chaCha20Poly1305Decrypt(new Uint8Array(length), NONCE, NOTHING, KEY)).to.throw();
  });
});
