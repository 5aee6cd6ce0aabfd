import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from "node:crypto";
import type { ConnectionEncrypter, MessageStream } from "@libp2p/interface";
import { noise, type ICryptoInterface, type NoiseComponents, type NoiseExtensions } from "@libp2p/noise";
import { asCrypto, defaultCrypto } from "@libp2p/noise/crypto";

/**
 * Noise as libp2p has it, with its bulk encryption by Node's crypto and without copies of what is encrypted: on a blob that is
 * the larger part of a transfer's processor time (docs/decisions.md).
 */

const CIPHER = "chacha20-poly1305";
const TAG_BYTES = 16;
const OPTIONS = { authTagLength: TAG_BYTES };
/** Up to here libp2p's WebAssembly is faster, which has nothing to set up. */
const SMALL_BYTES = 1200;

type Bytes = Parameters<ICryptoInterface["chaCha20Poly1305Encrypt"]>[0];
type List = Exclude<Bytes, Uint8Array>;

/** Node takes 13 µs to make sure that a key of plain bytes is one, at each packet of 64 KiB. A cipher's key stays the same array. */
const keys = new WeakMap<Uint8Array, KeyObject>();

function keyOf(bytes: Uint8Array): KeyObject {
  const known = keys.get(bytes);
  if (known !== undefined) return known;
  const key = createSecretKey(bytes);
  keys.set(bytes, key);
  return key;
}

function encrypt(plaintext: Bytes, nonce: Uint8Array, ad: Uint8Array, key: Uint8Array): Bytes {
  if (plaintext.byteLength < SMALL_BYTES) return asCrypto.chaCha20Poly1305Encrypt(plaintext, nonce, ad, key);
  const cipher = createCipheriv(CIPHER, keyOf(key), nonce, OPTIONS);
  cipher.setAAD(ad, { plaintextLength: plaintext.byteLength });
  return throughEach(
    plaintext,
    (piece) => cipher.update(piece),
    () => {
      cipher.final(); // a stream cipher holds nothing back
      return cipher.getAuthTag();
    },
  );
}

function decrypt(ciphertext: Bytes, nonce: Uint8Array, ad: Uint8Array, key: Uint8Array, place?: Uint8Array): Bytes {
  const length = ciphertext.byteLength - TAG_BYTES;
  if (length < 0) throw new Error("a noise message without its tag");
  if (length < SMALL_BYTES) return asCrypto.chaCha20Poly1305Decrypt(ciphertext, nonce, ad, key, place);
  const decipher = createDecipheriv(CIPHER, keyOf(key), nonce, OPTIONS);
  decipher.setAAD(ad, { plaintextLength: length });
  decipher.setAuthTag(ciphertext.subarray(length));
  const text = ciphertext instanceof Uint8Array ? ciphertext.subarray(0, length) : ciphertext.sublist(0, length);
  return throughEach(
    text,
    (piece) => decipher.update(piece),
    () => decipher.final(),
  ); // throws where the tag does not fit
}

/** A list stays a list. */
function throughEach(bytes: Bytes, work: (piece: Uint8Array) => Uint8Array, end: () => Uint8Array): Bytes {
  if (bytes instanceof Uint8Array) return Buffer.concat([work(bytes), end()]);
  const output = bytes.sublist(0, 0);
  for (const piece of bytes) output.append(work(piece));
  output.append(end());
  return output;
}

/** Same bytes as libp2p's own, in both directions. */
export const noiseCrypto: ICryptoInterface = {
  ...defaultCrypto,
  chaCha20Poly1305Encrypt: encrypt,
  chaCha20Poly1305Decrypt: decrypt,
};

/** What @libp2p/noise makes of a connection after the handshake; its version is pinned. */
interface Secured {
  decrypt?(message: List): Bytes;
  readonly handshake?: { decrypt(message: List): Bytes };
}

/** libp2p copies each message to have a place to decrypt it into, which Node's crypto has no use for. */
function withoutCopies(connection: MessageStream): void {
  const secured = connection as MessageStream & Secured;
  const { handshake } = secured;
  if (handshake === undefined || !("decrypt" in secured)) return; // another version, which works as it is
  secured.decrypt = (message) => handshake.decrypt(message);
}

export function leanNoise(): (components: NoiseComponents) => ConnectionEncrypter<NoiseExtensions> {
  const create = noise({ crypto: noiseCrypto });
  return (components) => {
    const encrypter = create(components);
    const secured =
      (secure: Secure): Secure =>
      async (...given) => {
        const result = await secure(...given);
        withoutCopies(result.connection);
        return result;
      };
    encrypter.secureInbound = secured(encrypter.secureInbound.bind(encrypter));
    encrypter.secureOutbound = secured(encrypter.secureOutbound.bind(encrypter));
    return encrypter;
  };
}

type Secure = ConnectionEncrypter<NoiseExtensions>["secureInbound"];
