import type { BlobShape } from "../network.ts";
import type { BlobStore, UnfinishedBlob } from "./blobSource.ts";
import type { SavedChunks } from "./swarm.ts";
import type { BlobVerifier } from "./verifier.ts";

/**
 * Keeps the chunks of a blob on the disk while it arrives. It never fails a transfer: on a full or failing disk nothing more is
 * kept, and whoever stores the blob in the end hears of it.
 */
export class Saving implements SavedChunks {
  readonly #store: BlobStore;
  readonly #blob: UnfinishedBlob;
  readonly #writing = new Set<Promise<void>>();
  #failed = false;

  private constructor(store: BlobStore, blob: UnfinishedBlob) {
    this.#store = store;
    this.#blob = blob;
  }

  /** Undefined where there is no disk, or it does not take the blob. */
  static async open(
    store: BlobStore | undefined,
    { root, leafBytes, leafCount }: BlobShape,
  ): Promise<Saving | undefined> {
    try {
      return store === undefined ? undefined : new Saving(store, await store.openPartial(root, leafBytes * leafCount));
    } catch {
      return undefined;
    }
  }

  get held(): readonly number[] {
    return this.#blob.held;
  }

  read(index: number): Promise<Uint8Array | undefined> {
    return this.#blob.read(index);
  }

  async write(index: number, chunk: Uint8Array): Promise<void> {
    if (this.#failed) return;
    const writing = this.#blob.write(index, chunk).catch(() => void (this.#failed = true));
    this.#writing.add(writing);
    await writing;
    this.#writing.delete(writing);
  }

  /** Makes it a blob of the store where it is whole, and otherwise leaves it for another time. Never throws. */
  async end(verifier: BlobVerifier): Promise<void> {
    const { shape, nodes } = verifier;
    try {
      await Promise.all(this.#writing);
      if (!this.#failed && verifier.missing().length === 0) {
        await this.#blob.finish();
        if (nodes !== undefined) this.#store.putNodes(shape.root, shape.leafBytes, nodes);
      }
    } catch {
      // Told to whoever stores the blob.
    } finally {
      await this.#blob.close().catch(() => undefined);
    }
  }
}
