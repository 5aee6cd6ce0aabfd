import type { Hex } from "../../core/bytes.ts";
import { CHUNK_BYTES, chunkCount, chunkOf } from "../../core/chunks.ts";
import { bitmapBytes, bitmapOf } from "./bitmap.ts";
import { BlobCache } from "./blobCache.ts";
import type { BlobSource } from "./blobSource.ts";
import type { BlobRequest } from "./frames.ts";
import { NodeHasher } from "./nodeHasher.ts";
import type { BlobVerifier } from "./verifier.ts";

/** Stored blobs that are longer than this are read chunk by chunk, and not kept in memory. */
const SMALL_BYTES = 8 * CHUNK_BYTES;

/** Answers requests for chunks and nodes, whatever transport they came by. Its memory is bounded, however large the blobs. */
export class BlobServer {
  readonly #source: BlobSource;
  readonly #cache: BlobCache;
  readonly #hasher: NodeHasher;
  /** Blobs that are being fetched, of which what was verified is served. */
  readonly #arriving = new Map<Hex, BlobVerifier>();

  constructor(source: BlobSource) {
    this.#source = source;
    this.#cache = new BlobCache((root) => source.readBlob(root));
    this.#hasher = new NodeHasher(source.store);
  }

  /** Serves what has arrived of a blob, until the returned function is called. */
  serveArriving(verifier: BlobVerifier): () => void {
    const { root } = verifier.shape;
    this.#arriving.set(root, verifier);
    return () => {
      if (this.#arriving.get(root) === verifier) this.#arriving.delete(root);
    };
  }

  /** The bytes asked for, not to be changed; undefined where the blob is not held or has no such part. Never throws. */
  async answer(request: BlobRequest): Promise<Uint8Array | undefined> {
    try {
      return (await this.#answerHeld(request)) ?? this.#answerArriving(request);
    } catch {
      return undefined; // a disk that fails is our trouble; to the peer the blob is just not held
    }
  }

  async #answerHeld(request: BlobRequest): Promise<Uint8Array | undefined> {
    const { kind, root, index, leafBytes } = request;
    const storedBytes = this.#source.store?.bytesOf(root);
    const isLarge = storedBytes !== undefined && storedBytes > SMALL_BYTES;
    if (!isLarge && this.#arriving.has(root)) return undefined;
    const bytes = storedBytes ?? this.#source.bytesOf?.(root) ?? (await this.#cache.get(root))?.length;
    if (bytes === undefined || !isPartOf(request, bytes)) return undefined;
    if (kind === "have") return all(bytes);
    const read = (chunk: number): Promise<Uint8Array | undefined> =>
      (isLarge ? this.#source.store?.readChunk(root, chunk) : this.#readSmall(root, chunk)) ??
      Promise.resolve(undefined);
    return kind === "chunk" ? read(index) : this.#hasher.nodesOf(root, leafBytes, bytes, read);
  }

  async #readSmall(root: Hex, chunk: number): Promise<Uint8Array | undefined> {
    const blob = await this.#cache.get(root);
    return blob === undefined ? undefined : chunkOf(blob, chunk);
  }

  #answerArriving({ kind, root, index, leafBytes }: BlobRequest): Uint8Array | undefined {
    const arriving = this.#arriving.get(root);
    if (arriving?.nodes === undefined || arriving.shape.leafBytes !== leafBytes) return undefined;
    if (kind === "nodes") return arriving.nodes;
    if (kind === "have") return bitmapOf(arriving.chunks, (chunk) => arriving.holds(chunk));
    return arriving.holds(index) ? arriving.chunk(index) : undefined;
  }
}

/** Whether a blob of so many bytes has what is asked for: this is seen before it is read. */
function isPartOf({ kind, index, leafBytes }: BlobRequest, bytes: number): boolean {
  return kind === "nodes" ? bytes > 0 && bytes % leafBytes === 0 : index < chunkCount(bytes);
}

function all(bytes: number): Uint8Array {
  const count = chunkCount(bytes);
  const bitmap = new Uint8Array(bitmapBytes(count)).fill(255);
  if (count % 8 !== 0) bitmap[bitmap.length - 1] = (1 << (count % 8)) - 1;
  return bitmap;
}
