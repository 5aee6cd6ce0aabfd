import { fromHex } from "../../core/bytes.ts";
import { CHUNK_BYTES, chunkCount, chunkLength } from "../../core/chunks.ts";
import { buildLevels, hashLeaves, treeDepth } from "../../core/merkle.ts";
import type { BlobShape } from "../network.ts";
import { chunkHeight } from "./chunks.ts";

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

  /** Whether what was written to `chunk(index)` is what the root commits to. */
  acceptChunk(index: number): boolean {
    const node = this.#nodes?.subarray(index * 32, index * 32 + 32);
    if (node === undefined) return false;
    const hashes = hashLeaves(this.chunk(index), this.shape.leafBytes);
    const levels = buildLevels(hashes, this.shape.leafBytes, 0, this.#height);
    this.#accepted[index] = equal(levels[levels.length - 1] as Uint8Array, node);
    return this.#accepted[index];
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
