import type { Hex } from "../core/bytes.ts";
import { decodeUpdate, encodeUpdate } from "../core/fixedPoint.ts";
import type { BlobSource } from "../network/blobs/blobSource.ts";
import type { Storage } from "../storage/storage.ts";

/** Updates held in memory, in bytes; those of a model that is larger go to the disk. */
const MEMORY_BYTES = 256 * 2 ** 20;
/** Kind of the records that name updates on the disk, by root, with the round they belong to. */
const SPILLED = "spilled";

/**
 * The checked updates of the last rounds, to aggregate, to score, and to serve to others. Others' updates can be fetched
 * again after a crash, so they need no disk unless they are many.
 */
export class UpdateCache implements BlobSource {
  readonly #storage: Storage;
  readonly #vectorLength: number;
  readonly #memoryBytes: number;
  readonly #held = new Map<Hex, { readonly round: number; readonly values: Int16Array }>();
  #aggregate: { readonly root: Hex; readonly bytes: Uint8Array } | undefined;

  /** @param memoryBytes what is held in memory at most */
  constructor(storage: Storage, vectorLength: number, memoryBytes = MEMORY_BYTES) {
    this.#storage = storage;
    this.#vectorLength = vectorLength;
    this.#memoryBytes = memoryBytes;
  }

  async keep(root: Hex, values: Int16Array, round: number): Promise<void> {
    if ((this.#held.size + 1) * values.byteLength <= this.#memoryBytes) {
      this.#held.set(root, { round, values });
      return;
    }
    this.#storage.put(SPILLED, root, round);
    await this.#storage.putBlob(root, encodeUpdate(values));
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

  /** Forgets the updates of the rounds before `round`, on the disk as well. */
  async forgetBefore(round: number): Promise<void> {
    for (const [root, held] of this.#held) if (held.round < round) this.#held.delete(root);
    for (const [root, heldIn] of this.#storage.entries(SPILLED)) {
      if (typeof heldIn !== "number" || heldIn >= round) continue;
      await this.#storage.deleteBlob(root as Hex);
      this.#storage.delete(SPILLED, root);
    }
  }
}
