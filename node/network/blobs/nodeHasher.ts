import type { Hex } from "../../core/bytes.ts";
import { chunkCount } from "../../core/chunks.ts";
import { treeDepth } from "../../core/merkle.ts";
import type { BlobStore } from "./blobSource.ts";
import { chunkHeight } from "./chunks.ts";
import { hashChunk } from "./verifier.ts";

/** Blobs whose nodes are kept in memory: 32 bytes a megabyte each. */
const MAX_REMEMBERED = 256;

type ReadChunk = (index: number) => Promise<Uint8Array | undefined>;

/**
 * Nodes of held blobs at chunk height. A blob is hashed when somebody first asks (2 to 5 ms a megabyte, chunk by chunk, so that
 * others are served in between), then they are kept: in memory, and beside the blob on the disk.
 */
export class NodeHasher {
  readonly #store: BlobStore | undefined;
  readonly #remembered = new Map<string, Promise<Uint8Array | undefined>>();

  constructor(store: BlobStore | undefined) {
    this.#store = store;
  }

  /** Undefined where leaves of this size do not divide the blob, or a chunk of it cannot be read. */
  nodesOf(root: Hex, leafBytes: number, blobBytes: number, read: ReadChunk): Promise<Uint8Array | undefined> {
    if (blobBytes % leafBytes !== 0) return Promise.resolve(undefined);
    const key = `${root} ${leafBytes}`;
    const known = this.#remembered.get(key);
    if (known !== undefined) return known;
    const found = this.#find(root, leafBytes, blobBytes, read);
    this.#remembered.set(key, found);
    if (this.#remembered.size > MAX_REMEMBERED) this.#remembered.delete(this.#remembered.keys().next().value as string);
    const forget = (): void => void this.#remembered.delete(key);
    found.then((nodes) => nodes === undefined && forget(), forget);
    return found;
  }

  async #find(root: Hex, leafBytes: number, blobBytes: number, read: ReadChunk): Promise<Uint8Array | undefined> {
    const kept = this.#store?.getNodes(root, leafBytes);
    if (kept?.length === chunkCount(blobBytes) * 32) return kept;
    const height = Math.min(chunkHeight(leafBytes), treeDepth(blobBytes / leafBytes));
    const nodes = new Uint8Array(chunkCount(blobBytes) * 32);
    for (let index = 0; index * 32 < nodes.length; index++) {
      const chunk = await read(index);
      if (chunk === undefined) return undefined;
      nodes.set(hashChunk(chunk, leafBytes, height), index * 32);
      // A chunk in memory is read without a turn of the event loop.
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (this.#store?.bytesOf(root) !== undefined) this.#store.putNodes(root, leafBytes, nodes);
    return nodes;
  }
}
