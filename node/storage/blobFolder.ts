import { mkdir, open, readFile, readdir, rename, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { hash, randomBytes } from "node:crypto";
import type { Hex } from "../core/bytes.ts";
import { diskError } from "./diskError.ts";
import { checkRoot } from "./root.ts";

/** Magic of a blob file: a file that is no blob of ours reads as not held. */
const MAGIC = Buffer.from("paceblb1");
const DIGEST_BYTES = 32;
const HEADER_BYTES = MAGIC.length + DIGEST_BYTES;
const SHARD = /^[0-9a-f]{2}$/;
const FILE_NAME = /^[0-9a-f]{64}$/;

/**
 * A folder of blobs by Merkle root: `ab/abcd…`. A file is its magic, the sha-256 of the payload, the payload. It is written
 * beside its place, synced, then renamed, so it is either whole or absent; what a failing disk truncates or
 * changes later fails its checksum and reads as not held. (The Merkle root would show that too, but
 * takes the leaf size, and thirty times as long.)
 */
export class BlobFolder {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async put(root: Hex, bytes: Uint8Array): Promise<void> {
    const path = this.#path(root);
    try {
      await mkdir(dirname(path), { recursive: true });
      const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
      try {
        await writeSynced(temporary, bytes);
        await rename(temporary, path);
      } catch (error) {
        await unlink(temporary).catch(() => undefined);
        throw error;
      }
    } catch (error) {
      throw diskError(this.#folder, error);
    }
  }

  async read(root: Hex): Promise<Uint8Array | undefined> {
    const path = this.#path(root);
    try {
      return payloadOf(await readFile(path));
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw diskError(this.#folder, error);
    }
  }

  async delete(root: Hex): Promise<void> {
    const path = this.#path(root);
    try {
      await unlink(path);
    } catch (error) {
      if (!isMissing(error)) throw diskError(this.#folder, error);
    }
  }

  /** Roots of the files that are there, ascending; a damaged one is listed, and reads as undefined. */
  async roots(): Promise<readonly Hex[]> {
    const roots: Hex[] = [];
    for (const shard of await namesIn(this.#folder)) {
      if (!SHARD.test(shard)) continue;
      for (const name of await namesIn(join(this.#folder, shard))) {
        if (FILE_NAME.test(name) && name.startsWith(shard)) roots.push(`0x${name}`);
      }
    }
    return roots.sort();
  }

  /** Removes what a crash left half-written. Call it when no other process uses the folder. */
  async sweep(): Promise<void> {
    for (const shard of await namesIn(this.#folder)) {
      if (!SHARD.test(shard)) continue;
      for (const name of await namesIn(join(this.#folder, shard))) {
        if (name.endsWith(".tmp")) await unlink(join(this.#folder, shard, name)).catch(() => undefined);
      }
    }
  }

  #path(root: Hex): string {
    checkRoot(root);
    return join(this.#folder, root.slice(2, 4), root.slice(2));
  }
}

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    await file.writev([MAGIC, hash("sha256", bytes, "buffer"), bytes]);
    await file.sync();
  } finally {
    await file.close();
  }
}

function payloadOf(file: Buffer): Uint8Array | undefined {
  if (file.length < HEADER_BYTES || !file.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  const payload = file.subarray(HEADER_BYTES);
  if (!hash("sha256", payload, "buffer").equals(file.subarray(MAGIC.length, HEADER_BYTES))) return undefined;
  return new Uint8Array(payload.buffer, payload.byteOffset, payload.length);
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error) || (error as { code?: string }).code === "ENOTDIR") return [];
    throw diskError(folder, error);
  }
}

function isMissing(error: unknown): boolean {
  return (error as { code?: string }).code === "ENOENT";
}
