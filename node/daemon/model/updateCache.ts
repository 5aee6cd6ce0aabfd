import type { Hex } from "../../core/bytes.ts";
import { decodeUpdate, encodeUpdate, UPDATE_LEAF_BYTES } from "../../core/fixedPoint.ts";
import { leafCountOf } from "../../core/merkle.ts";
import type { BlobSource } from "../../network/blobs/blobSource.ts";
import type { Storage } from "../../storage/storage.ts";

/** Updates held in memory, in bytes; those of a model that is larger go to the disk. */
const MEMORY_BYTES = 256 * 2 ** 20;

export interface UpdateCacheOptions {
  /** What is held in memory at most. */
  readonly memoryBytes?: number;
  /** Whether the disk keeps them all, for an audit. */
  readonly keepsAll?: boolean;
}

/**
 * The checked updates of the last rounds, to aggregate, to score, and to serve to others. Others' updates can be fetched
 * again after a crash, so they need no disk unless they are many.
 */
export class UpdateCache implements BlobSource {
  readonly #storage: Storage;
  readonly #vectorLength: number;
  readonly #memoryBytes: number;
  readonly #keepsAll: boolean;
  readonly #held = new Map<Hex, { readonly round: number; readonly values: Int16Array }>();
  #aggregate: { readonly root: Hex; readonly bytes: Uint8Array } | undefined;

  constructor(storage: Storage, vectorLength: number, options: UpdateCacheOptions = {}) {
    this.#storage = storage;
    this.#vectorLength = vectorLength;
    this.#memoryBytes = options.memoryBytes ?? MEMORY_BYTES;
    this.#keepsAll = options.keepsAll ?? false;
  }

  async keep(root: Hex, values: Int16Array, round: number): Promise<void> {
    const fits = (this.#held.size + 1) * values.byteLength <= this.#memoryBytes;
    if (fits) this.#held.set(root, { round, values });
    const own = this.#storage.blob(root)?.kind === "update";
    if (own || (fits && !this.#keepsAll)) return;
    await this.#storage.putBlob(root, encodeUpdate(values), { kind: "other", round });
  }

  /** The values of an update that was kept, or that is this peer's own. */
  async read(root: Hex): Promise<Int16Array | undefined> {
    const held = this.#held.get(root);
    if (held !== undefined) return held.values;
    const bytes = await this.#storage.readBlob(root);
    return bytes === undefined ? undefined : decodeUpdate(bytes, this.#vectorLength);
  }

  /** Holds the newest aggregate until the disk has it. */
  keepAggregate(root: Hex, bytes: Uint8Array): void {
    this.#aggregate = { root, bytes };
  }

  async readBlob(root: Hex): Promise<Uint8Array | undefined> {
    const held = this.#held.get(root);
    if (held !== undefined) return encodeUpdate(held.values);
    return this.#aggregate?.root === root ? this.#aggregate.bytes : this.#storage.readBlob(root);
  }

  /** Length of a blob that is in memory, without encoding it. */
  bytesOf(root: Hex): number | undefined {
    const held = this.#held.get(root);
    if (held !== undefined) return leafCountOf(held.values.length) * UPDATE_LEAF_BYTES;
    return this.#aggregate?.root === root ? this.#aggregate.bytes.length : undefined;
  }

  /** Forgets the updates of the rounds before `round`; what the disk has of them is collected with its round. */
  forgetBefore(round: number): void {
    for (const [root, held] of this.#held) if (held.round < round) this.#held.delete(root);
  }
}
