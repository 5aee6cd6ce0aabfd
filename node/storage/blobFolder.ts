import * as fsPromises from "node:fs/promises";
import { dirname, join } from "node:path";
import { randomBytes } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import type { Hex } from "../core/bytes.ts";
import type { BlobFileSystem } from "./blobFileSystem.ts";
import { BlobHead, oldBlob, readChunkOf, readWhole } from "./blobFile.ts";
import { diskError } from "./diskError.ts";
import { requireRoom } from "./diskSpace.ts";
import { openPartialFile, type PartialFile } from "./partialFile.ts";
import { renameSynced } from "./renameSynced.ts";
import { checkRoot } from "./root.ts";

/** Heads that are remembered, 8 bytes a megabyte each. */
const MAX_HEADS = 64;
const SHARD = /^[0-9a-f]{2}$/;
const FILE_NAME = /^[0-9a-f]{64}$/;
const PART_NAME = /^[0-9a-f]{64}\.part$/;

/**
 * A folder of blobs by Merkle root: `ab/abcd…`. A file is written beside its place, synced, then renamed, so it is either
 * whole or absent; what a failing disk truncates or changes later fails its checksums and reads as not held. Blobs that are still
 * arriving stand in `ab/abcd….part`.
 */
export class BlobFolder {
  readonly #folder: string;
  readonly #fs: BlobFileSystem;
  readonly #reserveBytes: number;
  /** Of whole blobs, so that their chunks are had in one read. */
  readonly #heads = new Map<Hex, BlobHead>();

  constructor(folder: string, reserveBytes: number, fs: BlobFileSystem = fsPromises) {
    this.#folder = folder;
    this.#reserveBytes = reserveBytes;
    this.#fs = fs;
  }

  /** @throws PacelineError `disk-full` unless so many bytes fit beside the reserve */
  async requireSpace(bytes: number): Promise<void> {
    await this.#onDisk(async () => {
      await this.#fs.mkdir(this.#folder, { recursive: true, mode: 0o700 });
      const { bavail, bsize } = await this.#fs.statfs(this.#folder);
      requireRoom(this.#folder, bavail * bsize, bytes, this.#reserveBytes);
    });
  }

  async put(root: Hex, blob: Uint8Array): Promise<void> {
    this.#heads.delete(root);
    const path = await this.#place(root);
    const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
    await this.#onDisk(async () => {
      try {
        await this.#writeSynced(temporary, blob);
        await renameSynced(this.#fs, temporary, path);
      } catch (error) {
        await this.#fs.unlink(temporary).catch(() => undefined);
        throw error;
      }
    });
  }

  read(root: Hex): Promise<Uint8Array | undefined> {
    return this.#withFile(root, readWhole);
  }

  readChunk(root: Hex, index: number): Promise<Uint8Array | undefined> {
    return this.#withFile(root, async (file) => {
      const head = this.#heads.get(root) ?? (await BlobHead.read(file));
      if (head === undefined) return undefined;
      this.#remember(root, head);
      return readChunkOf(file, head, index);
    });
  }

  #remember(root: Hex, head: BlobHead): void {
    this.#heads.set(root, head);
    if (this.#heads.size > MAX_HEADS) this.#heads.delete(this.#heads.keys().next().value as Hex);
  }

  /** Opens what there is of a partial blob, or starts it. */
  async openPartial(root: Hex, bytes: number): Promise<PartialFile> {
    const path = await this.#place(root);
    return openPartialFile({ part: `${path}.part`, path, folder: this.#folder, fs: this.#fs }, bytes);
  }

  /** Removes the blob, and what there is of a partial one. */
  async delete(root: Hex): Promise<void> {
    this.#heads.delete(root);
    await this.#unlink(this.#path(root));
    await this.deletePartial(root);
  }

  deletePartial(root: Hex): Promise<void> {
    return this.#unlink(`${this.#path(root)}.part`);
  }

  /** Roots of the whole files that are there, ascending; a damaged one is listed, and reads as undefined. */
  async roots(): Promise<readonly Hex[]> {
    return (await this.#names()).filter((name) => FILE_NAME.test(name)).map(rootOf);
  }

  /** Roots of the partial files, ascending. */
  async partialRoots(): Promise<readonly Hex[]> {
    return (await this.#names()).filter((name) => PART_NAME.test(name)).map(rootOf);
  }

  /** Removes what a crash left half-written. Call it when no other process uses the folder. */
  async sweep(): Promise<void> {
    for (const name of await this.#names()) {
      if (name.endsWith(".tmp"))
        await this.#fs.unlink(join(this.#folder, name.slice(0, 2), name)).catch(() => undefined);
    }
  }

  /**
   * Length of a whole blob; a file of schema version 1 is brought into today's form first, which does no harm when done twice.
   * Undefined where the file is damaged or none of ours.
   */
  async adopt(root: Hex): Promise<number | undefined> {
    const old = oldBlob(await this.#onDisk(() => this.#fs.readFile(this.#path(root))));
    if (old !== undefined) await this.put(root, old);
    return (await this.read(root))?.length;
  }

  async #withFile<T>(root: Hex, work: (file: FileHandle) => Promise<T>): Promise<T | undefined> {
    const path = this.#path(root);
    try {
      const file = await this.#fs.open(path, "r");
      try {
        return await work(file);
      } finally {
        await file.close();
      }
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw diskError(this.#folder, error);
    }
  }

  async #writeSynced(path: string, blob: Uint8Array): Promise<void> {
    const file = await this.#fs.open(path, "wx", 0o600);
    try {
      await file.appendFile(BlobHead.over(blob).encode());
      await file.appendFile(blob);
      await file.sync();
    } finally {
      await file.close();
    }
  }

  async #unlink(path: string): Promise<void> {
    try {
      await this.#fs.unlink(path);
    } catch (error) {
      if (!isMissing(error)) throw diskError(this.#folder, error);
    }
  }

  async #names(): Promise<readonly string[]> {
    const names: string[] = [];
    for (const shard of await this.#list(this.#folder)) {
      if (!SHARD.test(shard)) continue;
      for (const name of await this.#list(join(this.#folder, shard))) if (name.startsWith(shard)) names.push(name);
    }
    return names.sort();
  }

  async #list(folder: string): Promise<readonly string[]> {
    try {
      return await this.#fs.readdir(folder);
    } catch (error) {
      if (isMissing(error) || (error as { code?: string }).code === "ENOTDIR") return [];
      throw diskError(folder, error);
    }
  }

  async #place(root: Hex): Promise<string> {
    const path = this.#path(root);
    await this.#onDisk(() => this.#fs.mkdir(dirname(path), { recursive: true, mode: 0o700 }));
    return path;
  }

  #path(root: Hex): string {
    checkRoot(root);
    return join(this.#folder, root.slice(2, 4), root.slice(2));
  }

  async #onDisk<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw diskError(this.#folder, error);
    }
  }
}

function rootOf(name: string): Hex {
  return `0x${name.slice(0, 64)}`;
}

function isMissing(error: unknown): boolean {
  return (error as { code?: string } | undefined)?.code === "ENOENT";
}
