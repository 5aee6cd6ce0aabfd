import type { Connection, Stream } from "@libp2p/interface";
import type { Address } from "../../core/bytes.ts";
import { PacelineError } from "../../core/errors.ts";
import {
  decodeAnswer,
  decodeQuestion,
  encodeAnswer,
  encodeQuestion,
  MAX_ANSWER_BYTES,
  MAX_ASKED,
  MAX_QUESTION_BYTES,
  PEERS_PROTOCOL,
} from "./frames.ts";

const DEADLINE_MS = 10_000;

/** Asks a peer for the records of operators. Throws PacelineError `bad-message`, or what the stream throws. */
export async function askForRecords(
  connection: Connection,
  operators: readonly Address[],
): Promise<readonly Uint8Array[]> {
  const signal = AbortSignal.timeout(DEADLINE_MS);
  const stream = await connection.newStream(PEERS_PROTOCOL, { signal, runOnLimitedConnection: true });
  const answer = readAll(stream, MAX_ANSWER_BYTES, signal);
  stream.send(encodeQuestion(operators.slice(0, MAX_ASKED)));
  stream.close({ signal }).catch(() => undefined); // this side only; the answer tells whether it arrived
  return decodeAnswer(await answer);
}

/**
 * Answers one question.
 * @param envelopeOf what to pass on of an operator, if anything
 * @throws PacelineError `bad-message` for what is no question; whoever owns the connection closes it
 */
export async function answerForRecords(
  stream: Stream,
  envelopeOf: (operator: Address) => Promise<Uint8Array | undefined>,
): Promise<void> {
  const signal = AbortSignal.timeout(DEADLINE_MS);
  const asked = decodeQuestion(await readAll(stream, MAX_QUESTION_BYTES, signal));
  const envelopes = await Promise.all(asked.map(envelopeOf));
  stream.send(encodeAnswer(envelopes.filter((envelope) => envelope !== undefined)));
  await stream.close({ signal });
}

/** All that the other side sends before it closes its end; at most `most` bytes. */
function readAll(stream: Stream, most: number, signal: AbortSignal): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const fail = (error: Error): void => {
    reject(error);
    stream.abort(error);
  };
  const onAbort = (): void => fail(new PacelineError("timeout", "the peer does not answer"));
  const onEnd = (): void => resolve(Buffer.concat(pieces));
  signal.addEventListener("abort", onAbort);
  stream.addEventListener("message", ({ data }) => {
    bytes += data.byteLength;
    if (bytes > most) return fail(new PacelineError("bad-message", `more than ${most} bytes about peers`));
    pieces.push(data.subarray());
  });
  stream.addEventListener("remoteCloseWrite", onEnd);
  stream.addEventListener("close", ({ error }) => {
    if (error === undefined) onEnd();
    else reject(error);
  });
  if (stream.remoteWriteStatus === "closed" && stream.readBufferLength === 0) queueMicrotask(onEnd);
  return promise.finally(() => signal.removeEventListener("abort", onAbort));
}
