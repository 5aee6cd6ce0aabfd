import { PacelineError } from "../../core/errors.ts";
import type { BlobShape } from "../network.ts";
import { SYSTEM_CLOCK, type Clock } from "./clock.ts";
import { gravest, Source, type Failure, type Holder } from "./source.ts";
import { Swarm, type Admit, type SavedChunks } from "./swarm.ts";
import { hashChunk, type BlobVerifier, type ChunkHash } from "./verifier.ts";

export interface FetchOptions {
  readonly verifier: BlobVerifier;
  /** Those who are known to hold it, in the order of preference. */
  readonly holders: readonly Holder[];
  /** Those who may be fetching it as well: asked what they have. */
  readonly others?: readonly Holder[];
  readonly signal: AbortSignal;
  readonly saved?: SavedChunks;
  readonly clock?: Clock;
  readonly hash?: ChunkHash;
  /** The chunk to begin with; 0 unless told. */
  readonly startAt?: number;
  /** Resolves when so many bytes may be asked of a peer. */
  readonly admit?: Admit;
}

/**
 * Fetches a blob from several holders at once: each chunk from the least loaded one that has it, the rarest chunk first. What a holder
 * is long in delivering is asked of another as well. A missed deadline is a strike, and two are enough; bytes that do not fit
 * the root, or a broken protocol, are at once.
 * @returns the verifier's bytes
 * @throws PacelineError `bad-blob`, `timeout` or `not-found`, by the gravest failure of a holder; `closed` when aborted
 */
export async function fetchVerified(options: FetchOptions): Promise<Uint8Array> {
  const { verifier, signal, clock = SYSTEM_CLOCK, hash = hashChunk, admit = () => Promise.resolve() } = options;
  const promised = options.holders.map((holder) => new Source(holder, true));
  const sources = [...promised, ...(options.others ?? []).map((holder) => new Source(holder, false))];
  const swarm = new Swarm({
    verifier,
    sources,
    clock,
    hash,
    admit,
    saved: options.saved,
    startAt: options.startAt ?? 0,
  });
  const onAbort = (): void => swarm.stop(new PacelineError("closed", "the fetch was aborted"));
  signal.addEventListener("abort", onAbort);
  try {
    if (signal.aborted) onAbort();
    if (!(await swarm.run())) throw noHolder(verifier.shape, promised);
    return verifier.bytes;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

function noHolder({ root }: BlobShape, sources: readonly Source[]): PacelineError {
  const failures: Record<string, Failure | undefined> = {};
  for (const { holder, failure } of sources) failures[holder.operator] = failure;
  const code = gravest(Object.values(failures));
  return new PacelineError(code, `no holder delivered blob ${root}`, { root, failures });
}
