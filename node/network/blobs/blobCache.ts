import type { Hex } from "../../core/bytes.ts";

/** Bytes of blobs kept at hand between the chunks of a transfer; at least one blob is kept, whatever its size. */
const CACHE_BYTES = 32 * 1024 * 1024;

/** Whole blobs in memory, the ones read longest ago dropped first; concurrent readers share one read. */
export class BlobCache {
  readonly #readBlob: (root: Hex) => Promise<Uint8Array | undefined>;
  readonly #held = new Map<Hex, Uint8Array>();
  readonly #reading = new Map<Hex, Promise<Uint8Array | undefined>>();
  #bytes = 0;

  constructor(readBlob: (root: Hex) => Promise<Uint8Array | undefined>) {
    this.#readBlob = readBlob;
  }

  get(root: Hex): Promise<Uint8Array | undefined> {
    const held = this.#held.get(root);
    if (held !== undefined) return Promise.resolve(held);
    const reading = this.#reading.get(root);
    if (reading !== undefined) return reading;
    const started = this.#read(root).finally(() => this.#reading.delete(root));
    this.#reading.set(root, started);
    return started;
  }

  async #read(root: Hex): Promise<Uint8Array | undefined> {
    const blob = await this.#readBlob(root);
    if (blob !== undefined) this.#keep(root, blob);
    return blob;
  }

  #keep(root: Hex, blob: Uint8Array): void {
    this.#held.set(root, blob);
    this.#bytes += blob.length;
    for (const [oldest, { length }] of this.#held) {
      if (this.#bytes <= CACHE_BYTES || oldest === root) break;
      this.#held.delete(oldest);
      this.#bytes -= length;
    }
  }
}
