import { z } from "zod";
import type { Hex } from "../../core/bytes.ts";
import type { Judged, OwnScores, OwnUpdate } from "../../protocol/state.ts";
import { bytes, uint32, word } from "../../protocol/wire.ts";
import type { Storage } from "../../storage/storage.ts";
import { parseRecord, readRecord } from "./records.ts";

/** What a participant has promised and found in a round: one record of each kind a round, by its number. */

export const ROUND_RECORDS = ["update", "scores", "judged"] as const;

const ownUpdate = z.strictObject({ updateRoot: word, exampleCount: uint32, salt: word, commitment: word });
const ownScores = z.strictObject({ includeHash: word, vector: bytes, salt: word, commitment: word });
const promises = z.array(z.strictObject({ seed: word, scores: ownScores }));
const judgedRound = z.strictObject({
  round: uint32,
  modelId: word,
  updates: z.array(z.strictObject({ updateRoot: word, memberId: uint32, exampleCount: uint32 })),
  // JSON leaves out what is undefined.
  aggregateRoot: word.optional(),
});

/** A seat's scores; their commitment holds after one draw and for one include set only. */
export interface PromisedScores {
  readonly seed: Hex;
  readonly scores: OwnScores;
}

/** Newest ones of a round. Each takes a reorganisation or a withheld update, and stays: a reorganisation may bring its draw back. */
const MAX_PROMISES = 16;

export function promisedUpdate(storage: Storage, round: number): OwnUpdate | undefined {
  return readRecord(storage, "update", String(round), ownUpdate);
}

/** Of the rounds from `oldest` on. */
export function promisedUpdates(storage: Storage, oldest: number): readonly OwnUpdate[] {
  const promised = storage.entries("update").filter(([key]) => Number(key) >= oldest);
  return promised.map(([key, record]) => parseRecord("update", key, record, ownUpdate));
}

/** The newest round of which there is a record of the kind; Infinity for none. */
export function newestRecord(storage: Storage, kind: (typeof ROUND_RECORDS)[number]): number {
  const rounds = storage.entries(kind).map(([key]) => Number(key));
  return rounds.length === 0 ? Infinity : Math.max(...rounds);
}

export function promiseUpdate(storage: Storage, round: number, update: OwnUpdate): void {
  storage.put("update", String(round), update);
}

/** What this seat has promised in a round after one of its draws, the newest last. */
export function promisedScores(storage: Storage, round: number, seed: Hex): readonly OwnScores[] {
  return promisesOf(storage, round).flatMap((promise) => (promise.seed === seed ? [promise.scores] : []));
}

export function promiseScores(storage: Storage, round: number, promise: PromisedScores): void {
  storage.put("scores", String(round), [...promisesOf(storage, round), promise].slice(-MAX_PROMISES));
}

function promisesOf(storage: Storage, round: number): readonly PromisedScores[] {
  return readRecord(storage, "scores", String(round), promises) ?? [];
}

/** What was made of rounds, in no order. */
export function judgedRounds(storage: Storage): readonly Judged[] {
  return storage.entries("judged").map(([key, record]) => {
    const { aggregateRoot, ...judged } = parseRecord("judged", key, record, judgedRound);
    return { ...judged, aggregateRoot };
  });
}

/** After a restart, what settled meanwhile is held against it. */
export function keepJudged(storage: Storage, judged: Judged): void {
  storage.put("judged", String(judged.round), judged);
}
