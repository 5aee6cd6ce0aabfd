import { isPrivate, pointFromScalar, recover, signRecoverable } from "tiny-secp256k1";
import { keccak256, toHex, type Address, type Hex, fromHex } from "./bytes.ts";
import { PacelineError } from "./errors.ts";

/**
 * secp256k1 signatures over 32-byte digests, as Ethereum writes them: r ‖ s ‖ v, v 27 or 28, s in the lower half (EIP-2).
 * Deterministic (RFC 6979).
 */

export const SIGNATURE_BYTES = 65;
const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;

/** The address of a public key: the last 20 bytes of its keccak256, uncompressed and without prefix. */
export function addressOfPublicKey(uncompressed: Uint8Array): Address {
  if (uncompressed.length !== 65 || uncompressed[0] !== 4) {
    throw new PacelineError("bad-argument", "expected an uncompressed public key of 65 bytes");
  }
  return toHex(keccak256(uncompressed.subarray(1)).subarray(12));
}

/** The address of a 32-byte private key. Throws `bad-argument` for a key outside the curve's order. */
export function addressOfPrivateKey(privateKey: Uint8Array): Address {
  if (privateKey.length !== 32 || !isPrivate(privateKey))
    throw new PacelineError("bad-argument", "not a secp256k1 private key");
  const point = pointFromScalar(privateKey, false);
  if (point === null) throw new PacelineError("bad-argument", "not a secp256k1 private key");
  return addressOfPublicKey(point);
}

export function signDigest(digest: Uint8Array, privateKey: Uint8Array): Hex {
  const { signature, recoveryId } = signRecoverable(digest, privateKey);
  const bytes = new Uint8Array(SIGNATURE_BYTES);
  bytes.set(signature);
  bytes[64] = 27 + recoveryId;
  return toHex(bytes);
}

/** Who signed `digest`; undefined for anything that is no canonical signature. Never throws. */
export function recoverSigner(digest: Uint8Array, signature: Hex): Address | undefined {
  if (!/^0x[0-9a-f]{130}$/i.test(signature)) return undefined;
  const bytes = fromHex(signature);
  const recoveryId = (bytes[64] as number) - 27;
  if (recoveryId !== 0 && recoveryId !== 1) return undefined;
  if (BigInt(toHex(bytes.subarray(32, 64))) > HALF_ORDER) return undefined;
  try {
    const point = recover(digest, bytes.subarray(0, 64), recoveryId, false);
    return point === null ? undefined : addressOfPublicKey(point);
  } catch {
    return undefined; // r or s is zero or beyond the order
  }
}

/** A signature in 64 bytes (EIP-2098): `vs` is s with the parity of the point, which is v − 27, as its highest bit. */
export interface CompactSignature {
  readonly r: Hex;
  readonly vs: Hex;
}

/** What the chain takes of a signature. Throws `bad-argument` for what has no such form: s in the upper half, another v. */
export function compactSignature(signature: Hex): CompactSignature {
  const bytes = /^0x[0-9a-f]{130}$/i.test(signature) ? fromHex(signature) : new Uint8Array();
  const parity = (bytes[64] ?? 0) - 27;
  const s = bytes.slice(32, 64);
  if ((parity !== 0 && parity !== 1) || BigInt(toHex(s)) > HALF_ORDER) {
    throw new PacelineError("bad-argument", `${signature} is no signature of 65 bytes with s in the lower half`);
  }
  s[0] = (s[0] as number) | (parity << 7);
  return { r: toHex(bytes.subarray(0, 32)), vs: toHex(s) };
}

/** The 65 bytes of a signature that the chain was given in 64. */
export function expandSignature({ r, vs }: CompactSignature): Hex {
  const s = fromHex(vs);
  const parity = (s[0] as number) >> 7;
  s[0] = (s[0] as number) & 0x7f;
  return `${r}${toHex(s).slice(2)}${(27 + parity).toString(16)}`;
}
