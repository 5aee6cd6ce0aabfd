import { PacelineError } from "../../core/errors.ts";
import type { Address } from "../../core/bytes.ts";
import { addressOfPrivateKey } from "../../core/signature.ts";
import { createPrivateFile, readTextFile, requirePrivate } from "./files.ts";
import { isWeb3Keystore, sealKey, unsealKey } from "./web3Keystore.ts";

/**
 * Private keys on the disk: Web3 Secret Storage, version 3, with scrypt. geth, ethers and most wallets read the same files.
 */

/** The cost that geth uses: about 128 MB and half a second. Tests take less. */
const SCRYPT_N = 131_072;
const MAX_FILE_BYTES = 64 * 1024;

export interface KeystoreOptions {
  /** Cost of scrypt, a power of two. */
  readonly scryptN?: number;
}

/**
 * Writes a new keystore, readable by its owner only.
 * @param privateKey 32 bytes
 * @returns the key's address
 * @throws PacelineError `bad-input` for a file that exists or an empty password, `storage-failed`
 */
export async function createKeystore(
  file: string,
  privateKey: Uint8Array,
  password: string,
  options: KeystoreOptions = {},
): Promise<Address> {
  if (password === "") throw new PacelineError("bad-input", "the password is empty: choose one that protects the key");
  const address = addressOfPrivateKey(privateKey);
  const json = await sealKey(privateKey, password, options.scryptN ?? SCRYPT_N);
  createPrivateFile(file, `${json}\n`);
  return address;
}

/**
 * The private key in a keystore, 32 bytes.
 * @throws PacelineError `not-found`, `bad-input` for a file that is no keystore or that others can read, `wrong-password`
 */
export async function openKeystore(file: string, password: string): Promise<Uint8Array> {
  const json = readTextFile(file, "keystore", MAX_FILE_BYTES);
  if (!isWeb3Keystore(json))
    throw new PacelineError("bad-input", `${file} is no keystore: give a Web3 keystore (version 3) file`);
  requirePrivate(file, "keystore");
  const key = await unsealKey(json, password).catch(() => {
    // The cause is left out: it may quote the file's contents.
    throw new PacelineError("bad-input", `${file} is a damaged keystore: restore it from a backup`);
  });
  if (key !== undefined) return key;
  throw new PacelineError(
    "wrong-password",
    `the password does not open ${file}: check the password, and that it is the one for this file`,
  );
}
