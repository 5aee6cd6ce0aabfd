import {
  createCipheriv,
  createDecipheriv,
  pbkdf2 as nodePbkdf2,
  randomBytes,
  randomUUID,
  scrypt as nodeScrypt,
  timingSafeEqual,
} from "node:crypto";
import { promisify } from "node:util";
import { z } from "zod";
import { fromHex, keccak256, toHex } from "../../core/bytes.ts";
import { addressOfPrivateKey } from "../../core/signature.ts";

/**
 * Web3 Secret Storage, version 3: a key from the password by scrypt or PBKDF2, AES-128-CTR with its first half, and keccak256
 * of its second half and the ciphertext as the check.
 * https://ethereum.org/en/developers/docs/data-structures-and-encoding/web3-secret-storage/
 */

/** Memory that scrypt may take, in bytes. */
const SCRYPT_MAX_BYTES = 1024 ** 3;
/** N · r · p and PBKDF2's iterations: sixteen times what geth's files cost, a minute or so. */
const SCRYPT_MAX_WORK = 2 ** 24;
const PBKDF2_MAX_ITERATIONS = 2 ** 22;
/** As geth has it. */
const SCRYPT_R = 8;
const SCRYPT_P = 1;
const CIPHER = "aes-128-ctr";
const KEY_BYTES = 32;

const deriveByScrypt = promisify<string, Uint8Array, number, object, Buffer>(nodeScrypt);
const deriveByPbkdf2 = promisify(nodePbkdf2);

const count = z.int().min(1);
const hexOf = (bytes: number): z.ZodString => z.string().regex(new RegExp(`^(0x)?[0-9a-fA-F]{${2 * bytes}}$`));
const salt = z.string().regex(/^(0x)?([0-9a-fA-F]{2}){0,256}$/);
const dklen = z.literal(KEY_BYTES);

const sealed = z.object({
  cipher: z.literal(CIPHER),
  cipherparams: z.object({ iv: hexOf(16) }),
  ciphertext: hexOf(KEY_BYTES),
  mac: hexOf(32),
});
const derived = z.discriminatedUnion("kdf", [
  z.object({ kdf: z.literal("scrypt"), kdfparams: z.object({ salt, n: count, r: count, p: count, dklen }) }),
  z.object({
    kdf: z.literal("pbkdf2"),
    kdfparams: z.object({ salt, c: count, prf: z.enum(["hmac-sha256", "hmac-sha512"]), dklen }),
  }),
]);
const keystore = z.object({
  version: z.coerce.number().pipe(z.literal(3)),
  address: hexOf(20).optional(),
  crypto: z.intersection(sealed, derived),
});
type Derived = z.infer<typeof derived>;

/** Whether a text is a keystore of version 3, whatever it may lack. */
export function isWeb3Keystore(text: string): boolean {
  const value = lowered(text);
  return typeof value === "object" && value !== null && "version" in value && Number(value.version) === 3;
}

/** @param scryptN cost of scrypt, a power of two */
export async function sealKey(privateKey: Uint8Array, password: string, scryptN: number): Promise<string> {
  const [saltBytes, iv] = [randomBytes(32), randomBytes(16)];
  const kdf: Derived = {
    kdf: "scrypt",
    kdfparams: { salt: saltBytes.toString("hex"), n: scryptN, r: SCRYPT_R, p: SCRYPT_P, dklen: KEY_BYTES },
  };
  const key = await derive(kdf, password);
  const cipher = createCipheriv(CIPHER, key.subarray(0, 16), iv);
  const ciphertext = Buffer.concat([cipher.update(privateKey), cipher.final()]);
  return JSON.stringify({
    address: plainHex(addressOfPrivateKey(privateKey)),
    id: randomUUID(),
    version: 3,
    crypto: {
      cipher: CIPHER,
      cipherparams: { iv: iv.toString("hex") },
      ciphertext: ciphertext.toString("hex"),
      ...kdf,
      mac: plainHex(toHex(macOf(key, ciphertext))),
    },
  });
}

/**
 * The private key in a keystore; undefined where the password is not its own.
 * @throws Error for a keystore that is damaged, of a form unknown, or costs too much to open
 */
export async function unsealKey(text: string, password: string): Promise<Uint8Array | undefined> {
  const { crypto, address } = keystore.parse(lowered(text));
  const key = await derive(crypto, password);
  const ciphertext = bytesOf(crypto.ciphertext);
  if (!timingSafeEqual(macOf(key, ciphertext), bytesOf(crypto.mac))) return undefined;
  const decipher = createDecipheriv(CIPHER, key.subarray(0, 16), bytesOf(crypto.cipherparams.iv));
  const privateKey = new Uint8Array(Buffer.concat([decipher.update(ciphertext), decipher.final()]));
  if (address !== undefined && plainHex(addressOfPrivateKey(privateKey)) !== plainHex(address.toLowerCase()))
    throw new Error("the keystore's address is not its key's");
  return privateKey;
}

/** Passwords are in Unicode's form NFKC, as ethers has them: the same characters open the file on any keyboard. */
async function derive({ kdf, kdfparams }: Derived, password: string): Promise<Buffer> {
  const given = password.normalize("NFKC");
  const saltBytes = bytesOf(kdfparams.salt);
  if (kdf === "scrypt") {
    const { n: N, r, p } = kdfparams;
    if (N * r * p > SCRYPT_MAX_WORK) throw new Error("the keystore asks for too much work");
    return deriveByScrypt(given, saltBytes, KEY_BYTES, { N, r, p, maxmem: SCRYPT_MAX_BYTES });
  }
  if (kdfparams.c > PBKDF2_MAX_ITERATIONS) throw new Error("the keystore asks for too much work");
  return deriveByPbkdf2(given, saltBytes, kdfparams.c, KEY_BYTES, kdfparams.prf.slice("hmac-".length));
}

function macOf(key: Uint8Array, ciphertext: Uint8Array): Uint8Array {
  return keccak256(Buffer.concat([key.subarray(16, 32), ciphertext]));
}

/** Wallets differ in the case of names: `Crypto` is usual too. */
function lowered(text: string): unknown {
  try {
    return JSON.parse(text, (_, value: unknown) =>
      typeof value === "object" && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).map(([name, inner]) => [name.toLowerCase(), inner as unknown]))
        : value,
    );
  } catch {
    return undefined;
  }
}

function bytesOf(hex: string): Uint8Array {
  return fromHex(`0x${plainHex(hex).toLowerCase()}`);
}

function plainHex(hex: string): string {
  return hex.replace(/^0x/, "");
}
