import { pbkdf2Sync, scrypt as nodeScrypt } from "node:crypto";
import { decryptKeystoreJson, encryptKeystoreJson, isKeystoreJson } from "ethers/wallet";
import { pbkdf2, scrypt } from "ethers/crypto";
import { addressOfPrivateKey } from "../../core/signature.ts";
import { fromHex, toHex, type Address } from "../../core/bytes.ts";
import { PacelineError } from "../../core/errors.ts";
import { createPrivateFile, readTextFile, requirePrivate } from "./files.ts";

/**
 * Private keys on the disk: Web3 Secret Storage, version 3, with scrypt. geth, ethers and most wallets read the same files.
 */

/** The cost that geth uses: about 128 MB and half a second. Tests take less. */
const SCRYPT_N = 131_072;
/** A file that asks for more memory than this is refused rather than tried. */
const SCRYPT_MAX_BYTES = 1024 ** 3;
/** Nor one that would take more than a minute or so: sixteen times what geth's files cost, N · r · p and PBKDF2's iterations. */
const SCRYPT_MAX_WORK = 2 ** 24;
const PBKDF2_MAX_ITERATIONS = 2 ** 22;
const MAX_FILE_BYTES = 64 * 1024;

// Node's own scrypt is several times faster than the one in JavaScript, and does not block.
scrypt.register(
  (password, salt, N, r, p, length) =>
    new Promise((resolve, reject) => {
      if (N * r * p > SCRYPT_MAX_WORK) throw new Error("the keystore asks for too much work");
      nodeScrypt(password, salt, length, { N, r, p, maxmem: SCRYPT_MAX_BYTES }, (error, key) =>
        error === null ? resolve(key) : reject(error),
      );
    }),
);

pbkdf2.register((password, salt, iterations, length, algorithm) => {
  if (iterations > PBKDF2_MAX_ITERATIONS) throw new Error("the keystore asks for too much work");
  return pbkdf2Sync(password, salt, iterations, length, algorithm);
});

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
  const account = { address, privateKey: toHex(privateKey) };
  const json = await encryptKeystoreJson(account, password, { scrypt: { N: options.scryptN ?? SCRYPT_N } });
  createPrivateFile(file, `${json}\n`);
  return address;
}

/**
 * The private key in a keystore, 32 bytes.
 * @throws PacelineError `not-found`, `bad-input` for a file that is no keystore or that others can read, `wrong-password`
 */
export async function openKeystore(file: string, password: string): Promise<Uint8Array> {
  const json = readTextFile(file, "keystore", MAX_FILE_BYTES);
  if (!isKeystoreJson(json))
    throw new PacelineError("bad-input", `${file} is no keystore: give a Web3 keystore (version 3) file`);
  requirePrivate(file, "keystore");
  try {
    const { privateKey } = await decryptKeystoreJson(json, password);
    return fromHex(privateKey);
  } catch (error) {
    if (/incorrect password/i.test(String(error))) {
      throw new PacelineError(
        "wrong-password",
        `the password does not open ${file}: check the password, and that it is the one for this file`,
      );
    }
    // The cause is left out: it may quote the file's contents.
    throw new PacelineError("bad-input", `${file} is a damaged keystore: restore it from a backup`);
  }
}
