import type { Hex } from "../core/bytes.ts";
import { chunkCount, chunkLength, chunkOf } from "../core/chunks.ts";
import { PacelineError } from "../core/errors.ts";
import { requireRoom } from "./diskSpace.ts";
import { checkRoot } from "./root.ts";
import type { BlobEntry, BlobTag, PartialBlob } from "./storage.ts";

interface MemoryBlob extends BlobEntry {
  /** By index; a whole blob has all. */
  readonly chunks: Map<number, Uint8Array>;
  readonly nodes: Map<number, Uint8Array>;
}

/** Bytes that nobody changes, equal to those given. */
export type CopyBlob = (root: Hex, bytes: Uint8Array) => Uint8Array;

/** The blobs of the twin. */
export class MemoryBlobs {
  readonly #capacityBytes: number;
  /** Throws where the storage is closed. */
  readonly #checkOpen: () => void;
  readonly #blobs = new Map<Hex, MemoryBlob>();
  readonly #open = new Set<Hex>();
  readonly #copy: CopyBlob;

  constructor(capacityBytes: number, checkOpen: () => void, copy: CopyBlob) {
    this.#capacityBytes = capacityBytes;
    this.#checkOpen = checkOpen;
    this.#copy = copy;
  }

  async put(root: Hex, bytes: Uint8Array, { kind, round }: BlobTag): Promise<void> {
    this.#check(root);
    const before = this.#blobs.get(root);
    const nodes = before?.nodes ?? new Map<number, Uint8Array>();
    if (before?.whole !== true) this.#requireRoom(bytes.length);
    const copy = this.#copy(root, bytes);
    const chunks = new Map(
      Array.from({ length: chunkCount(copy.length) }, (_, index) => [index, chunkOf(copy, index)]),
    );
    this.#blobs.set(root, { root, kind, round, bytes: copy.length, whole: true, chunks, nodes });
  }

  async read(root: Hex): Promise<Uint8Array | undefined> {
    this.#check(root);
    const blob = this.#blobs.get(root);
    return blob?.whole === true ? joined(blob) : undefined;
  }

  async readChunk(root: Hex, index: number): Promise<Uint8Array | undefined> {
    this.#check(root);
    const blob = this.#blobs.get(root);
    return blob?.whole === true ? blob.chunks.get(index)?.slice() : undefined;
  }

  async delete(root: Hex): Promise<void> {
    this.#check(root);
    this.#blobs.delete(root);
  }

  async roots(): Promise<readonly Hex[]> {
    return this.entries().flatMap(({ root, whole }) => (whole ? [root] : []));
  }

  entries(): readonly BlobEntry[] {
    this.#checkOpen();
    return [...this.#blobs.values()]
      .map(({ root, kind, round, bytes, whole }) => ({ root, kind, round, bytes, whole }))
      .sort((left, right) => (left.root < right.root ? -1 : 1));
  }

  putNodes(root: Hex, leafBytes: number, nodes: Uint8Array): void {
    this.#check(root);
    const blob = this.#blobs.get(root);
    if (blob?.whole === true) blob.nodes.set(leafBytes, nodes.slice());
  }

  getNodes(root: Hex, leafBytes: number): Uint8Array | undefined {
    this.#check(root);
    return this.#blobs.get(root)?.nodes.get(leafBytes)?.slice();
  }

  async openPartial(root: Hex, bytes: number, { kind, round }: BlobTag): Promise<PartialBlob> {
    this.#check(root);
    const before = this.#blobs.get(root);
    if (this.#open.has(root) || before?.whole === true)
      throw new PacelineError("bad-argument", `the blob ${root} is ${before?.whole === true ? "held" : "open"}`);
    this.#requireRoom(0);
    const chunks = before?.bytes === bytes ? before.chunks : new Map<number, Uint8Array>();
    const blob: MemoryBlob = { root, kind, round, bytes, whole: false, chunks, nodes: new Map() };
    this.#blobs.set(root, blob);
    this.#open.add(root);
    return this.#partial(blob);
  }

  async requireSpace(bytes: number): Promise<void> {
    this.#checkOpen();
    this.#requireRoom(bytes);
  }

  #partial(blob: MemoryBlob): PartialBlob {
    const { root, bytes, chunks } = blob;
    const checkOpen = (): void => {
      this.#checkOpen();
      if (!this.#open.has(root)) throw new PacelineError("closed", "the partial blob is closed");
    };
    const close = async (): Promise<void> => void this.#open.delete(root);
    return {
      held: [...chunks.keys()].sort((left, right) => left - right),
      read: async (index) => (checkOpen(), chunks.get(index)?.slice()),
      write: async (index, chunk) => {
        checkOpen();
        if (index >= chunkCount(bytes) || chunk.length !== chunkLength(bytes, index))
          throw new PacelineError("bad-argument", `the blob has no chunk ${index} of ${chunk.length} bytes`);
        if (!chunks.has(index)) this.#requireRoom(chunk.length);
        chunks.set(index, chunk.slice());
      },
      finish: async () => {
        checkOpen();
        const missing = chunkCount(bytes) - chunks.size;
        if (missing > 0) throw new PacelineError("bad-argument", `${missing} chunks of the blob are missing`);
        const { kind, round } = this.#blobs.get(root) ?? blob;
        this.#blobs.set(root, { ...blob, kind, round, whole: true });
        await close();
      },
      close,
    };
  }

  #requireRoom(bytes: number): void {
    let held = 0;
    for (const { chunks } of this.#blobs.values()) for (const chunk of chunks.values()) held += chunk.length;
    requireRoom("the memory storage", this.#capacityBytes - held, bytes, 0);
  }

  #check(root: Hex): void {
    this.#checkOpen();
    checkRoot(root);
  }
}

function joined({ bytes, chunks }: MemoryBlob): Uint8Array {
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (let index = 0; index < chunks.size; index++) {
    const chunk = chunks.get(index) as Uint8Array;
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
