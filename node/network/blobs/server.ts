import { buildLevels, hashLeaves, treeDepth } from "../../core/merkle.ts";
import type { Hex } from "../../core/bytes.ts";
import { CHUNK_BYTES } from "../../core/chunks.ts";
import type { BlobSource } from "../network.ts";
import { chunkHeight } from "./chunks.ts";
import type { BlobRequest } from "./frames.ts";

/** Bytes of blobs kept at hand between the chunks of a transfer; at least one blob is kept, whatever its size. */
const CACHE_BYTES = 32 * 1024 * 1024;

interface Held {
  readonly bytes: Uint8Array;
  /** Nodes at chunk height, by leaf size. */
  readonly nodes: Map<number, Uint8Array>;
}

/** Answers requests for chunks and nodes from a blob source, whatever transport they came by. */
export class BlobServer {
  readonly #source: BlobSource;
  readonly #cache = new Map<Hex, Held>();
  readonly #reading = new Map<Hex, Promise<Held | undefined>>();
  #cachedBytes = 0;

  constructor(source: BlobSource) {
    this.#source = source;
  }

  /** The bytes asked for, not to be changed; undefined where the blob is not held or has no such part. Never throws. */
  async answer(request: BlobRequest): Promise<Uint8Array | undefined> {
    const held = this.#cache.get(request.root) ?? (await this.#read(request.root));
    if (held === undefined || held.bytes.length === 0) return undefined;
    if (request.kind === "nodes") return nodesOf(held, request.leafBytes);
    const start = request.index * CHUNK_BYTES;
    return start < held.bytes.length ? held.bytes.subarray(start, start + CHUNK_BYTES) : undefined;
  }

  #read(root: Hex): Promise<Held | undefined> {
    const reading = this.#reading.get(root);
    if (reading !== undefined) return reading;
    const started = this.#readOnce(root).finally(() => this.#reading.delete(root));
    this.#reading.set(root, started);
    return started;
  }

  async #readOnce(root: Hex): Promise<Held | undefined> {
    try {
      const bytes = await this.#source.readBlob(root);
      if (bytes === undefined) return undefined;
      const held: Held = { bytes, nodes: new Map() };
      this.#keep(root, held);
      return held;
    } catch {
      return undefined; // a disk that fails is our trouble; to the peer the blob is just not held
    }
  }

  #keep(root: Hex, held: Held): void {
    this.#cache.set(root, held);
    this.#cachedBytes += held.bytes.length;
    for (const [oldest, { bytes }] of this.#cache) {
      if (this.#cachedBytes <= CACHE_BYTES || oldest === root) break;
      this.#cache.delete(oldest);
      this.#cachedBytes -= bytes.length;
    }
  }
}

/** Hashes the whole blob the first time (about 12 ms a megabyte), so a blob's nodes are kept with it. */
function nodesOf(held: Held, leafBytes: number): Uint8Array | undefined {
  const known = held.nodes.get(leafBytes);
  if (known !== undefined) return known;
  if (held.bytes.length % leafBytes !== 0) return undefined;
  const height = Math.min(chunkHeight(leafBytes), treeDepth(held.bytes.length / leafBytes));
  const levels = buildLevels(hashLeaves(held.bytes, leafBytes), leafBytes, 0, height);
  const nodes = levels[height] as Uint8Array;
  held.nodes.set(leafBytes, nodes);
  return nodes;
}
