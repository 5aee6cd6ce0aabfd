import type { Hex } from "../core/bytes.ts";
import { chunkLength } from "../core/chunks.ts";
import { PacelineError } from "../core/errors.ts";
import type { BlobFolder } from "./blobFolder.ts";
import type { BlobIndex } from "./blobIndex.ts";
import type { PartialFile } from "./partialFile.ts";
import type { BlobEntry, BlobTag, PartialBlob } from "./storage.ts";

/** What stands in the index for a file of which nobody remembers what it was for, such as those of schema version 1. */
export const UNKNOWN_KIND = "unknown";

/** Blobs in a folder, and their index, kept in step: row, then file; and for each blob one change at a time. */
export class DiskBlobs {
  readonly #folder: BlobFolder;
  readonly #index: BlobIndex;
  readonly #changing = new Map<Hex, Promise<unknown>>();
  readonly #open = new Set<Hex>();

  constructor(folder: BlobFolder, index: BlobIndex) {
    this.#folder = folder;
    this.#index = index;
  }

  /** Puts right what a crash left between the index and the folder. Call it once, before anything else. */
  async reconcile(): Promise<void> {
    await this.#folder.sweep();
    const whole = new Set(await this.#folder.roots());
    const partial = new Set(await this.#folder.partialRoots());
    for (const entry of this.#index.all()) {
      if (whole.has(entry.root)) this.#index.set({ ...entry, whole: true });
      else if (partial.has(entry.root)) this.#index.set({ ...entry, whole: false });
      else this.#index.delete(entry.root);
    }
    for (const root of whole) if (this.#index.get(root) === undefined) await this.#adopt(root);
    for (const root of partial) if (this.#index.get(root)?.whole !== false) await this.#folder.deletePartial(root);
  }

  async #adopt(root: Hex): Promise<void> {
    const bytes = await this.#folder.adopt(root);
    if (bytes === undefined) return this.#folder.delete(root);
    this.#index.set({ root, kind: UNKNOWN_KIND, round: this.#index.newestRound(), bytes, whole: true });
  }

  put(root: Hex, blob: Uint8Array, tag: BlobTag): Promise<void> {
    return this.#inTurn(root, async () => {
      const before = this.#index.get(root);
      const isHeld = before?.whole === true && (await this.#folder.read(root)) !== undefined;
      if (!isHeld) await this.#folder.requireSpace(blob.length);
      this.#index.set({ root, ...tagOf(tag), bytes: blob.length, whole: true });
      if (isHeld) return;
      await this.#orTakeBack(root, before, this.#folder.put(root, blob));
      if (before?.whole === false && !this.#open.has(root)) await this.#folder.deletePartial(root);
    });
  }

  delete(root: Hex): Promise<void> {
    return this.#inTurn(root, async () => {
      await this.#folder.delete(root);
      this.#index.delete(root);
    });
  }

  openPartial(root: Hex, bytes: number, tag: BlobTag): Promise<PartialBlob> {
    return this.#inTurn(root, async () => {
      const before = this.#index.get(root);
      if (this.#open.has(root) || before?.whole === true)
        throw new PacelineError("bad-argument", `the blob ${root} is ${before?.whole === true ? "held" : "open"}`);
      await this.#folder.requireSpace(0);
      this.#index.set({ root, ...tagOf(tag), bytes, whole: false });
      const file = await this.#orTakeBack(root, before, this.#folder.openPartial(root, bytes));
      this.#open.add(root);
      return this.#partial(root, bytes, tag, file);
    });
  }

  #partial(root: Hex, bytes: number, tag: BlobTag, file: PartialFile): PartialBlob {
    const close = async (): Promise<void> => {
      this.#open.delete(root);
      await file.close();
    };
    return {
      held: file.held,
      read: (index) => file.read(index),
      write: async (index, chunk) => {
        await this.#folder.requireSpace(chunkLength(bytes, index));
        await file.write(index, chunk);
      },
      finish: () =>
        this.#inTurn(root, async () => {
          await file.finish();
          await close();
          // It may have been put under another tag meanwhile.
          this.#index.set({ root, ...tagOf(this.#index.get(root) ?? tag), bytes, whole: true });
        }),
      close,
    };
  }

  /** A change that failed leaves the index as it was. */
  async #orTakeBack<T>(root: Hex, before: BlobEntry | undefined, change: Promise<T>): Promise<T> {
    try {
      return await change;
    } catch (error) {
      if (before === undefined) this.#index.delete(root);
      else this.#index.set(before);
      throw error;
    }
  }

  async #inTurn<T>(root: Hex, work: () => Promise<T>): Promise<T> {
    const turn = (this.#changing.get(root) ?? Promise.resolve()).then(work);
    const settled = turn.catch(() => undefined);
    this.#changing.set(root, settled);
    try {
      return await turn;
    } finally {
      if (this.#changing.get(root) === settled) this.#changing.delete(root);
    }
  }
}

/** Only what a tag has: a whole entry may be passed for one. */
function tagOf({ kind, round }: BlobTag): BlobTag {
  return { kind, round };
}
