import { keccak_256 } from "@noble/hashes/sha3.js";
import { PacelineError } from "./errors.ts";

/** 0x-prefixed lowercase hexadecimal. */
export type Hex = `0x${string}`;
/** A 20-byte account or contract address, lowercase. */
export type Address = Hex;

export const ZERO_WORD: Hex = `0x${"00".repeat(32)}`;

export function toHex(bytes: Uint8Array): Hex {
  return `0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex")}`;
}

export function fromHex(hex: string): Uint8Array {
  if (!/^0x([0-9a-f]{2})*$/i.test(hex))
    throw new PacelineError("bad-argument", "expected 0x-prefixed hexadecimal bytes");
  return new Uint8Array(Buffer.from(hex.slice(2), "hex"));
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** Lowercase, so that addresses compare with `===`. */
export function toAddress(text: string): Address {
  if (!/^0x[0-9a-f]{40}$/i.test(text))
    throw new PacelineError("bad-argument", `expected a 20-byte address, got ${text}`);
  return text.toLowerCase() as Address;
}

export function keccak256(bytes: Uint8Array): Uint8Array {
  return keccak_256(bytes);
}

/** One 32-byte big-endian word of Solidity's `abi.encode`: an unsigned integer, an address or a `bytes32`. */
export function abiWord(value: bigint | number | Hex): Uint8Array {
  const hex = typeof value === "string" ? value.slice(2) : value.toString(16);
  if (!/^[0-9a-f]{1,64}$/i.test(hex)) throw new PacelineError("bad-argument", `${value} does not fit a word`);
  return new Uint8Array(Buffer.from(hex.padStart(64, "0"), "hex"));
}

/** `keccak256(abi.encode(values...))` for static values. */
export function keccakWords(...values: readonly (bigint | number | Hex)[]): Hex {
  return toHex(keccak256(concatBytes(...values.map(abiWord))));
}
