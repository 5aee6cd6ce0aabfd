import { Signature } from "ethers";
import { fromHex, keccakWords, toHex, type Hex } from "../../node/core/bytes.ts";
import { commitmentHash, scoreCommitmentHash } from "../../node/core/encoding.ts";
import { bitsOf } from "../../node/core/roundView.ts";
import { encodeVector, SCORE_SUM } from "../../node/core/scores.ts";
import { signDigest } from "../../node/core/signature.ts";
import { structDigest, type SignedStruct } from "../../node/core/typedData.ts";
import { memberOf, updateOf, type Player, type View } from "./player.ts";

/** What members sign and open in a round, as the job's functions take it. */

/** A signature as the chain takes it (EIP-2098). */
export interface Compact {
  readonly r: Hex;
  readonly vs: Hex;
}

export interface SignedCommit extends Compact {
  readonly position: number;
  readonly commitment: Hex;
}

export interface Opening {
  readonly position: number;
  readonly updateRoot: Hex;
  readonly exampleCount: number;
  readonly salt: Hex;
}

export interface SignedBitmap extends Compact {
  readonly seat: number;
  readonly bits: bigint;
}

export interface SignedAttestation extends Compact {
  readonly seat: number;
}

export interface SignedScoreCommit extends Compact {
  readonly seat: number;
  readonly commitment: Hex;
}

export interface ScoreOpening {
  readonly seat: number;
  readonly vector: Hex;
  readonly salt: Hex;
}

export function compactOf(signature: Hex): Compact {
  const { r, yParityAndS } = Signature.from(signature);
  return { r: r as Hex, vs: yParityAndS as Hex };
}

function sign(player: Player, member: bigint, message: SignedStruct): Compact {
  return compactOf(signDigest(structDigest(player.domain, message), memberOf(player, member).privateKey));
}

export function commitmentOf(player: Player, view: View, position: number): Hex {
  const id = view.cohort[position]!;
  const { tree, exampleCount, salt } = updateOf(player, view, id);
  const parts = { round: Number(view.round), memberId: Number(id), updateRoot: tree.root, exampleCount, salt };
  return commitmentHash(player.domain, parts);
}

export function signedCommitOf(
  player: Player,
  view: View,
  position: number,
  commitment = commitmentOf(player, view, position),
): SignedCommit {
  const message = { type: "Commit", round: Number(view.round), seed: view.seed, commitment } as const;
  return { position, commitment, ...sign(player, view.cohort[position]!, message) };
}

export function openingOf(player: Player, view: View, position: number): Opening {
  const { tree, exampleCount, salt } = updateOf(player, view, view.cohort[position]!);
  return { position, updateRoot: tree.root, exampleCount, salt };
}

export function bitmapOf(player: Player, view: View, seat: number, bits: bigint): SignedBitmap {
  const message = { type: "Bitmap", round: Number(view.round), seed: view.seed, seat, bits } as const;
  return { seat, bits, ...sign(player, view.seats[seat]!, message) };
}

/** Of the standing proposal. */
export function attestationOf(player: Player, view: View, seat: number): SignedAttestation {
  const { round, seed, slot, includeHash, aggregateRoot } = view;
  const statement = { round: Number(round), seed, slot: Number(slot), includeHash, aggregateRoot };
  return { seat, ...sign(player, view.seats[seat]!, { type: "Attestation", ...statement }) };
}

/** What a seat signs to post a root of its own. */
export function proposalOf(player: Player, view: View, seat: number, aggregateRoot: Hex): SignedAttestation {
  return attestationOf(player, { ...view, slot: BigInt(seat), aggregateRoot }, seat);
}

/** Index by include order of the seat holder's own update, −1 where it is not included. */
export function ownIndex(view: View, seat: number): number {
  return bitsOf(view.includedMask).findIndex((position) => view.cohort[position] === view.seats[seat]);
}

/** Sums to 10,000, nothing for the scorer's own update, and different for each seat. */
export function vectorOf(view: View, seat: number): number[] {
  const own = ownIndex(view, seat);
  const parts = bitsOf(view.includedMask).map((_, index) => (index === own ? 0 : 3 + ((index * 7 + seat * 3) % 11)));
  const sum = parts.reduce((total, part) => total + part, 0);
  const vector = parts.map((part) => Math.floor((part * SCORE_SUM) / sum));
  vector[own === 0 ? 1 : 0]! += SCORE_SUM - vector.reduce((total, part) => total + part, 0);
  return vector;
}

export function scoreOpeningOf(
  view: View,
  seat: number,
  vector: readonly number[] | undefined = vectorOf(view, seat),
): ScoreOpening {
  return { seat, vector: toHex(encodeVector(vector)), salt: keccakWords(0x5c03e, view.round, seat) };
}

/** A seat that measured no improvement. */
export function abstentionOf(seat: number): ScoreOpening {
  return { seat, vector: "0x", salt: keccakWords(0xab57a1, seat) };
}

export function scoreCommitOf(player: Player, view: View, opening: ScoreOpening): SignedScoreCommit {
  const { seat, vector, salt } = opening;
  const { seed, includeHash } = view;
  const round = Number(view.round);
  const scorer = Number(view.seats[seat]!);
  const parts = { round, seed, scorer, includeHash, vector: fromHex(vector), salt };
  const commitment = scoreCommitmentHash(player.domain, parts);
  const message = { type: "ScoreCommit", round, seed, includeHash, commitment } as const;
  return { seat, commitment, ...sign(player, view.seats[seat]!, message) };
}
