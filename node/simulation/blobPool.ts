import type { Hex } from "../core/bytes.ts";

/**
 * The bytes of blobs that many peers of one process hold: there once, for as long as somebody holds them. Whoever keeps a blob has
 * held it against its root; here equal bytes are found by it.
 */
export class BlobPool {
  readonly #blobs = new Map<Hex, WeakRef<Uint8Array>>();
  readonly #gone = new FinalizationRegistry<Hex>((root) => {
    if (this.#blobs.get(root)?.deref() === undefined) this.#blobs.delete(root);
  });

  /** @returns the pool's copy of `bytes`; nobody may change it */
  share(root: Hex, bytes: Uint8Array): Uint8Array {
    const known = this.#blobs.get(root)?.deref();
    if (known !== undefined && (known === bytes || Buffer.compare(known, bytes) === 0)) return known;
    const own = bytes.slice();
    this.#blobs.set(root, new WeakRef(own));
    this.#gone.register(own, root);
    return own;
  }
}
