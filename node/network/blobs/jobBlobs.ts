import type { Address } from "../../core/bytes.ts";
import { chunkCount } from "../../core/chunks.ts";
import type { BlobShape } from "../network.ts";
import type { BlobSource } from "./blobSource.ts";
import { SYSTEM_CLOCK, type Clock } from "./clock.ts";
import { fetchVerified } from "./fetch.ts";
import type { BlobRequest } from "./frames.ts";
import { Saving } from "./saving.ts";
import { BlobServer } from "./server.ts";
import { SharedFetches } from "./shared.ts";
import type { Holder } from "./source.ts";
import type { TransferLimits } from "./transferLimits.ts";
import { BlobVerifier, hashChunk } from "./verifier.ts";

/** Blobs of fewer chunks are not kept while they arrive, and fetched from those only who are known to hold them. */
const MIN_SWARM_CHUNKS = 4;
/** Others that are asked for what they have of a blob. */
const MAX_OTHERS = 8;

export interface JobBlobsOptions {
  readonly self: Address;
  readonly source: BlobSource;
  readonly limits: TransferLimits;
  readonly clock?: Clock;
}

/** The blobs of one job on the network: what it serves, and what it is fetching. */
export class JobBlobs {
  readonly #options: JobBlobsOptions;
  readonly #server: BlobServer;
  readonly #fetches = new SharedFetches();
  readonly #finishing = new Set<Promise<void>>();

  constructor(options: JobBlobsOptions) {
    this.#options = options;
    this.#server = new BlobServer(options.source);
  }

  /** See BlobServer. */
  answer(request: BlobRequest): Promise<Uint8Array | undefined> {
    return this.#server.answer(request);
  }

  /**
   * See fetchVerified. Concurrent callers share one transfer and its bytes, which must not be changed.
   * @param holders those who are known to hold it
   * @param others all who are connected, asked when the transfer starts
   */
  fetch(
    shape: BlobShape,
    holders: readonly Holder[],
    others: () => readonly Holder[],
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    const key = `${shape.root} ${shape.leafBytes} ${shape.leafCount}`;
    return this.#fetches.fetch(key, (stop) => this.#run(shape, holders, others, stop), signal);
  }

  /** Ends all fetches; resolves when the disk has what they brought. */
  async stop(): Promise<void> {
    this.#fetches.stopAll();
    await Promise.all(this.#finishing);
  }

  async #run(
    shape: BlobShape,
    holders: readonly Holder[],
    others: () => readonly Holder[],
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    const { limits, self, source, clock = SYSTEM_CLOCK } = this.#options;
    const length = shape.leafBytes * shape.leafCount;
    const isSwarm = chunkCount(length) >= MIN_SWARM_CHUNKS;
    const leave = await limits.fetches.enter(length, signal);
    const verifier = new BlobVerifier(shape);
    const stopServing = this.#server.serveArriving(verifier);
    const saving = isSwarm ? await Saving.open(source.store, shape) : undefined;
    try {
      return await fetchVerified({
        verifier,
        holders,
        others: isSwarm ? someOf(others(), holders, self) : [],
        signal,
        clock,
        hash: hashChunk,
        startAt: Number.parseInt(self.slice(2, 10), 16) % verifier.chunks,
        admit: (peer, bytes, stop) => limits.download(peer, bytes, stop),
        ...(saving === undefined ? {} : { saved: saving }),
      });
    } finally {
      stopServing();
      leave();
      if (saving !== undefined) this.#finish(saving.end(verifier));
    }
  }

  #finish(ended: Promise<void>): void {
    const finishing: Promise<void> = ended.finally(() => this.#finishing.delete(finishing));
    this.#finishing.add(finishing);
  }
}

/** Others than `holders`, from a place on that differs from peer to peer. */
function someOf(others: readonly Holder[], holders: readonly Holder[], self: Address): readonly Holder[] {
  const known = new Set(holders.map(({ operator }) => operator));
  const left = others.filter(({ operator }) => !known.has(operator));
  const from = left.findIndex(({ operator }) => operator > self);
  return [...left.slice(Math.max(0, from)), ...left.slice(0, Math.max(0, from))].slice(0, MAX_OTHERS);
}
