import type { Hex } from "../../core/bytes.ts";
import type { BlobStore } from "../../network/blobs/blobSource.ts";
import type { Storage } from "../../storage/storage.ts";

/** For so long after somebody was given a part of it, a blob counts as being served. In seconds. */
const SERVED_SECONDS = 60;
/** Served blobs that are remembered. */
const MAX_REMEMBERED = 256;

export interface BlobStoreOptions {
  readonly storage: Storage;
  /** Seconds. */
  readonly now: () => number;
  /** The round to which what is fetched belongs. */
  readonly round: () => number;
  readonly isHidden: (root: Hex) => boolean;
}

/** The network's side of the disk: large blobs are served from it, and kept on it while they arrive. */
export class ServedStore implements BlobStore {
  readonly #options: BlobStoreOptions;
  readonly #servedAt = new Map<Hex, number>();

  constructor(options: BlobStoreOptions) {
    this.#options = options;
  }

  bytesOf(root: Hex): number | undefined {
    const { storage, isHidden } = this.#options;
    const entry = isHidden(root) ? undefined : storage.blob(root);
    return entry?.whole === true ? entry.bytes : undefined;
  }

  async readChunk(root: Hex, index: number): Promise<Uint8Array | undefined> {
    const { storage, now } = this.#options;
    const chunk = await storage.readChunk(root, index);
    if (chunk === undefined) return undefined;
    this.#servedAt.delete(root);
    this.#servedAt.set(root, now());
    if (this.#servedAt.size > MAX_REMEMBERED) this.#servedAt.delete(this.#servedAt.keys().next().value as Hex);
    return chunk;
  }

  /** Whether somebody was given a part of it lately. */
  isServed(root: Hex): boolean {
    const servedAt = this.#servedAt.get(root);
    return servedAt !== undefined && this.#options.now() - servedAt < SERVED_SECONDS;
  }

  putNodes(root: Hex, leafBytes: number, nodes: Uint8Array): void {
    this.#options.storage.putNodes(root, leafBytes, nodes);
  }

  getNodes(root: Hex, leafBytes: number): Uint8Array | undefined {
    return this.#options.storage.getNodes(root, leafBytes);
  }

  openPartial(root: Hex, bytes: number): ReturnType<BlobStore["openPartial"]> {
    const { storage, round } = this.#options;
    return storage.openPartial(root, bytes, { kind: "other", round: round() });
  }
}
