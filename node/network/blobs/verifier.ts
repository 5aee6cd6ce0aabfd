import { fromHex } from "../../core/bytes.ts";
import { CHUNK_BYTES, chunkCount, chunkLength } from "../../core/chunks.ts";
import { buildLevels, hashLeaves, treeDepth } from "../../core/merkle.ts";
import type { BlobShape } from "../network.ts";
import { chunkHeight } from "./chunks.ts";

/** The node `height` levels above the leaves of a chunk. */
export type ChunkHash = (chunk: Uint8Array, leafBytes: number, height: number) => Promise<Uint8Array> | Uint8Array;

export const hashChunk = (chunk: Uint8Array, leafBytes: number, height: number): Uint8Array =>
  buildLevels(hashLeaves(chunk, leafBytes), leafBytes, 0, height)[height] as Uint8Array;

/**
 * A blob on its way in, checked against its root chunk by chunk. A blob of several chunks first needs the tree's nodes at chunk height:
 * they must hash up to the root, and then each chunk stands or falls by its own node. So what a bad holder sends is
 * found out within one chunk, and what was verified is kept when the next holder takes over.
 */
export class BlobVerifier {
  readonly shape: BlobShape;
  /** The whole blob; `chunk(i)` are views of it to be written to. Its chunks are good once accepted. */
  readonly bytes: Uint8Array;
  readonly #height: number;
  readonly #depth: number;
  readonly #accepted: boolean[];
  #nodes: Uint8Array | undefined;

  constructor(shape: BlobShape) {
    this.shape = shape;
    this.#depth = treeDepth(shape.leafCount);
    this.#height = Math.min(this.#depth, chunkHeight(shape.leafBytes));
    const length = shape.leafBytes * shape.leafCount;
    // Not from Node's shared pool, and not zeroed: no byte of it is handed out before it was verified.
    this.bytes = toPlain(Buffer.allocUnsafeSlow(length));
    this.#accepted = Array.from({ length: chunkCount(length) }, () => false);
    this.#nodes = this.#accepted.length === 1 ? fromHex(shape.root) : undefined;
  }

  get needsNodes(): boolean {
    return this.#nodes === undefined;
  }

  /** Chunks of the blob. */
  get chunks(): number {
    return this.#accepted.length;
  }

  /** The nodes at chunk height, once accepted. */
  get nodes(): Uint8Array | undefined {
    return this.#nodes;
  }

  /** Bytes of the nodes at chunk height. */
  get nodesLength(): number {
    return this.#accepted.length * 32;
  }

  /** Whether `nodes` hash up to the root; keeps them if so. */
  acceptNodes(nodes: Uint8Array): boolean {
    if (nodes.length !== this.nodesLength) return false;
    const levels = buildLevels(nodes, this.shape.leafBytes, this.#height, this.#depth);
    if (!equal(levels[levels.length - 1] as Uint8Array, fromHex(this.shape.root))) return false;
    this.#nodes = nodes;
    return true;
  }

  /** Where chunk `index` goes. */
  chunk(index: number): Uint8Array {
    const start = index * CHUNK_BYTES;
    return this.bytes.subarray(start, start + chunkLength(this.bytes.length, index));
  }

  /**
   * Whether `bytes` are chunk `index` of what the root commits to. They are kept then, if they are not its place already,
   * unless others were accepted meanwhile.
   * @param hash the node over a chunk's leaves
   */
  async acceptChunk(index: number, bytes: Uint8Array, hash: ChunkHash = hashChunk): Promise<boolean> {
    const node = this.#nodes?.subarray(index * 32, index * 32 + 32);
    if (node === undefined || !equal(await hash(bytes, this.shape.leafBytes, this.#height), node)) return false;
    if (!this.holds(index)) {
      const place = this.chunk(index);
      if (bytes.byteOffset !== place.byteOffset || bytes.buffer !== place.buffer) place.set(bytes);
      this.#accepted[index] = true;
    }
    return true;
  }

  holds(index: number): boolean {
    return this.#accepted[index] === true;
  }

  missing(): readonly number[] {
    return this.#accepted.flatMap((accepted, index) => (accepted ? [] : [index]));
  }
}

function equal(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0;
}

function toPlain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}
