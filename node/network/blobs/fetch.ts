import type { Address } from "../../core/bytes.ts";
import { PacelineError } from "../../core/errors.ts";
import type { BlobShape } from "../network.ts";
import type { BlobRequest } from "./frames.ts";
import { BlobVerifier } from "./verifier.ts";

/** A reason of our own: without one, each abort() makes a DOMException with its stack. */
const ENDED = "ended";

/** A peer that may hold a blob, and the way to ask it. */
export interface Holder {
  readonly operator: Address;
  /** Writes the answer to `target`. False where it is not held; throws `timeout`, `bad-message` or `closed` (see BlobLink). */
  request(request: BlobRequest, target: Uint8Array, signal: AbortSignal): Promise<boolean>;
}

/** Chunks asked for ahead in one fetch. */
const AHEAD = 3;
/** Deadlines a holder may miss. */
const STRIKES = 2;

/** Why a holder did not deliver, from the mildest to the gravest: the gravest is what the caller is told. */
const FAILURES = ["not-found", "timeout", "bad-blob"] as const;
type Failure = (typeof FAILURES)[number];

/**
 * Fetches a blob from the first holder that delivers it; a holder takes over where the last one failed.
 * A missed deadline is a strike, and two are enough; bytes that do not fit the root, or a broken protocol, are at once.
 * @throws PacelineError `bad-blob`, `timeout` or `not-found`, by the gravest failure of a holder; `closed` when aborted
 */
export async function fetchVerified(
  shape: BlobShape,
  holders: readonly Holder[],
  signal: AbortSignal,
): Promise<Uint8Array> {
  const verifier = new BlobVerifier(shape);
  const failures: Partial<Record<Address, Failure>> = {};
  for (const holder of holders) {
    const failure = await fetchFrom(holder, verifier, signal);
    if (failure === undefined) return verifier.bytes;
    failures[holder.operator] = failure;
  }
  const worst = FAILURES.findLast((failure) => Object.values(failures).includes(failure)) ?? "not-found";
  throw new PacelineError(worst, `no holder delivered blob ${shape.root}`, { root: shape.root, failures });
}

async function fetchFrom(holder: Holder, verifier: BlobVerifier, signal: AbortSignal): Promise<Failure | undefined> {
  for (let strikes = 0; strikes < STRIKES; strikes++) {
    const failure = await attempt(holder, verifier, signal);
    if (failure !== "timeout") return failure;
  }
  return "timeout";
}

async function attempt(holder: Holder, verifier: BlobVerifier, signal: AbortSignal): Promise<Failure | undefined> {
  const stop = new AbortController();
  const onAbort = (): void => stop.abort(ENDED);
  signal.addEventListener("abort", onAbort);
  try {
    if (signal.aborted) throw new PacelineError("closed", "the fetch was aborted");
    if (verifier.needsNodes) await fetchNodes(holder, verifier, stop.signal);
    const missing = verifier.missing().values();
    const lanes = Array.from({ length: AHEAD }, () => fetchChunks(missing, holder, verifier, stop.signal));
    // The first lane that fails stops the others before anything else may write to their chunks.
    for (const lane of lanes) lane.catch(() => stop.abort(ENDED));
    await Promise.all(lanes);
    return undefined;
  } catch (error) {
    if (signal.aborted) throw new PacelineError("closed", "the fetch was aborted");
    return failureOf(error);
  } finally {
    stop.abort(ENDED);
    signal.removeEventListener("abort", onAbort);
  }
}

async function fetchNodes(holder: Holder, verifier: BlobVerifier, signal: AbortSignal): Promise<void> {
  const { root, leafBytes } = verifier.shape;
  const nodes = new Uint8Array(verifier.nodesLength);
  const held = await holder.request({ kind: "nodes", root, leafBytes, index: 0 }, nodes, signal);
  if (!held) throw new PacelineError("not-found", "not held");
  if (!verifier.acceptNodes(nodes)) throw new PacelineError("bad-blob", "nodes that do not hash to the root");
}

/** One lane: takes the next missing chunk from the common iterator, and so on. */
async function fetchChunks(
  missing: Iterator<number>,
  holder: Holder,
  verifier: BlobVerifier,
  signal: AbortSignal,
): Promise<void> {
  const { root, leafBytes } = verifier.shape;
  for (let next = missing.next(); next.done !== true; next = missing.next()) {
    const held = await holder.request(
      { kind: "chunk", root, leafBytes, index: next.value },
      verifier.chunk(next.value),
      signal,
    );
    if (!held) throw new PacelineError("not-found", "not held");
    // Another lane failed meanwhile: the chunk may be another holder's to write by now.
    if (signal.aborted) throw new PacelineError("closed", "the fetch was aborted");
    if (!verifier.acceptChunk(next.value))
      throw new PacelineError("bad-blob", `chunk ${next.value} does not fit the root`);
  }
}

/** A peer that breaks the protocol is as bad as one that sends wrong bytes. */
function failureOf(error: unknown): Failure {
  const code = error instanceof PacelineError ? error.code : undefined;
  if (code === "not-found" || code === "timeout") return code;
  if (code === "bad-blob" || code === "bad-message") return "bad-blob";
  throw error;
}
