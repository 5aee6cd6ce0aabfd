import type { FileHandle } from "node:fs/promises";
import { chunkLength } from "../core/chunks.ts";
import { PacelineError } from "../core/errors.ts";
import { BlobHead, entryOf, readChunkOf } from "./blobFile.ts";
import type { BlobFileSystem } from "./blobFileSystem.ts";
import { diskError } from "./diskError.ts";
import { renameSynced } from "./renameSynced.ts";

/** Where a partial blob stands, and where it will stand when it is whole. */
export interface PartialPlace {
  readonly part: string;
  readonly path: string;
  /** To name in errors. */
  readonly folder: string;
  readonly fs: BlobFileSystem;
}

/** Opens the file of a partial blob, or makes it anew where there is none, or one of another length. */
export async function openPartialFile(place: PartialPlace, bytes: number): Promise<PartialFile> {
  try {
    const { file, head } = (await existing(place, bytes)) ?? (await created(place, bytes));
    return new PartialFile(place, file, head);
  } catch (error) {
    throw diskError(place.folder, error);
  }
}

interface Opened {
  readonly file: FileHandle;
  readonly head: BlobHead;
}

async function existing({ part, fs }: PartialPlace, bytes: number): Promise<Opened | undefined> {
  const file = await fs.open(part, "r+").catch(() => undefined);
  if (file === undefined) return undefined;
  const head = await BlobHead.read(file).catch(() => undefined);
  if (head?.bytes === bytes) return { file, head };
  await file.close();
  return undefined;
}

async function created({ part, fs }: PartialPlace, bytes: number): Promise<Opened> {
  const file = await fs.open(part, "w+", 0o600);
  try {
    const head = BlobHead.empty(bytes);
    await writeAll(file, head.encode(), 0);
    await file.truncate(head.fileBytes);
    return { file, head };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** The file of a blob that is still arriving. A chunk's entry is written after the chunk, so it vouches for what is there. */
export class PartialFile {
  readonly #place: PartialPlace;
  readonly #head: BlobHead;
  #file: FileHandle | undefined;

  constructor(place: PartialPlace, file: FileHandle, head: BlobHead) {
    this.#place = place;
    this.#file = file;
    this.#head = head;
  }

  /** Chunks that are on the disk, ascending. */
  get held(): readonly number[] {
    return Array.from({ length: this.#head.chunks }, (_, index) => index).filter((index) => this.#head.holds(index));
  }

  read(index: number): Promise<Uint8Array | undefined> {
    return this.#use((file) => readChunkOf(file, this.#head, index));
  }

  async write(index: number, chunk: Uint8Array): Promise<void> {
    if (index >= this.#head.chunks || chunk.length !== chunkLength(this.#head.bytes, index))
      throw new PacelineError("bad-argument", `the blob has no chunk ${index} of ${chunk.length} bytes`);
    await this.#use(async (file) => {
      await writeAll(file, chunk, this.#head.offsetOf(index));
      const entry = entryOf(chunk);
      await writeAll(file, entry, this.#head.entryOffsetOf(index));
      this.#head.setEntry(index, entry);
    });
  }

  async finish(): Promise<void> {
    const missing = this.#head.chunks - this.held.length;
    if (missing > 0) throw new PacelineError("bad-argument", `${missing} chunks of the blob are missing`);
    await this.#use(async (file) => {
      await file.sync();
      await renameSynced(this.#place.fs, this.#place.part, this.#place.path);
    });
    await this.close();
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  async #use<T>(work: (file: FileHandle) => Promise<T>): Promise<T> {
    if (this.#file === undefined) throw new PacelineError("closed", "the partial blob is closed");
    try {
      return await work(this.#file);
    } catch (error) {
      throw diskError(this.#place.folder, error);
    }
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written, position + written);
    written += bytesWritten;
  }
}
