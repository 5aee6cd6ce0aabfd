import type { ContractTransactionReceipt, ContractTransactionResponse } from "ethers";
import type { Address, Hex } from "../../node/core/bytes.ts";
import { keccakWords, toHex } from "../../node/core/bytes.ts";
import {
  commitmentHash,
  includeHash,
  scoreCommitmentHash,
  type IncludedUpdate,
  type JobDomain,
} from "../../node/core/encoding.ts";
import { AGGREGATE_LEAF_BYTES, encodeAggregate, encodeUpdate, UPDATE_LEAF_BYTES } from "../../node/core/fixedPoint.ts";
import { buildTree, LEAF_VALUES, proveLeaf, type MerkleTree } from "../../node/core/merkle.ts";
import { seededRandom } from "../../node/core/random.ts";
import { bitsOf, fullMask } from "../../node/core/roundView.ts";
import { encodeVector, SCORE_SUM } from "../../node/core/scores.ts";
import { signDigest } from "../../node/core/signature.ts";
import { structDigest, type SignedStruct } from "../../node/core/typedData.ts";
import { weightedMean, weightsOf } from "../../node/core/weightedMean.ts";
import { addressOf, as, read, type Job, type Participant, type World } from "./world.ts";

/** Plays rounds of a job from TypeScript, as honest participants would; a test replaces the step that it is about. */

/** The fields of `RoundView` that the player looks at, as ethers decodes them. */
export interface View {
  readonly phase: bigint;
  readonly round: bigint;
  readonly phaseStart: bigint;
  readonly seed: Hex;
  readonly modelId: Hex;
  readonly cohort: readonly bigint[];
  readonly seats: readonly bigint[];
  readonly committedMask: bigint;
  readonly openedMask: bigint;
  readonly includedMask: bigint;
  readonly updateRoots: readonly Hex[];
  readonly exampleCounts: readonly bigint[];
  readonly bitmaps: readonly bigint[];
  readonly liveSeats: bigint;
  readonly firstSlot: bigint;
  readonly slot: bigint;
  readonly includeHash: Hex;
  readonly aggregateRoot: Hex;
  readonly attestedMask: bigint;
  readonly scoreCommittedMask: bigint;
  readonly scoreOpenedMask: bigint;
}

export const PHASE = {
  joining: 0n,
  draw: 1n,
  commit: 2n,
  share: 3n,
  propose: 4n,
  challenge: 5n,
  score: 6n,
  finished: 7n,
  failed: 8n,
};

export interface Update {
  readonly values: Int16Array;
  readonly tree: MerkleTree;
  readonly bytes: Uint8Array;
  readonly exampleCount: number;
  readonly salt: Hex;
}

export interface Opening {
  readonly position: number;
  readonly updateRoot: Hex;
  readonly exampleCount: number;
  readonly salt: Hex;
}

export type Step = Promise<ContractTransactionResponse>;

export interface Player {
  readonly world: World;
  readonly job: Job;
  readonly domain: JobDomain;
  readonly vectorLength: number;
  readonly weightCap: number;
  /** By member id. */
  readonly members: readonly Participant[];
  /** Updates that are not what `updateOf` makes, by member id. */
  readonly replaced: Map<number, Update>;
}

/** @param members in the order in which they joined */
export async function playerOf(world: World, job: Job, members: readonly Participant[]): Promise<Player> {
  const terms = await read<{ vectorLength: bigint; weightCap: bigint }>(job, "terms");
  const domain = { chainId: world.chainId, job: await addressOf(job) };
  const lengths = { vectorLength: Number(terms.vectorLength), weightCap: Number(terms.weightCap) };
  return { world, job, domain, ...lengths, members, replaced: new Map() };
}

export async function viewOf(player: Player): Promise<View> {
  return (await read<{ toObject(): View }>(player.job, "roundView")).toObject();
}

export async function phaseOf(player: Player): Promise<bigint> {
  return await read(player.job, "phase");
}

export function memberOf(player: Player, id: bigint | number): Participant {
  const member = player.members[Number(id)];
  if (member === undefined) throw new Error(`there is no member ${id}`);
  return member;
}

/** An update from values; the salt follows from `tag`. */
export function makeUpdate(values: Int16Array, exampleCount: number, tag: number): Update {
  const bytes = encodeUpdate(values);
  return { values, bytes, tree: buildTree(bytes, UPDATE_LEAF_BYTES), exampleCount, salt: keccakWords(0x5a17, tag) };
}

/** What a member trains in a round: its own values and count, the same whenever it is asked. */
export function updateOf(player: Player, view: View, id: bigint): Update {
  const replaced = player.replaced.get(Number(id));
  if (replaced !== undefined) return replaced;
  const random = seededRandom(Number(id), Number(view.round));
  const values = Int16Array.from({ length: player.vectorLength }, () => random.below(65_535) - 32_767);
  return makeUpdate(values, 20 + 13 * Number(id), 1_000 * Number(view.round) + Number(id));
}

export function openingOf(player: Player, view: View, position: number): Opening {
  const { tree, exampleCount, salt } = updateOf(player, view, view.cohort[position]!);
  return { position, updateRoot: tree.root, exampleCount, salt };
}

export async function advance(player: Player): Step {
  return await player.job.advance();
}

/** Mines the block that the draw waits for, and draws. */
export async function draw(player: Player): Step {
  await player.world.helpers.mine(1);
  return await advance(player);
}

export function commitmentOf(player: Player, view: View, position: number): Hex {
  const id = view.cohort[position]!;
  const { tree, exampleCount, salt } = updateOf(player, view, id);
  const operator = memberOf(player, id).address;
  return commitmentHash(player.domain, {
    round: Number(view.round),
    operator,
    updateRoot: tree.root,
    exampleCount,
    salt,
  });
}

export async function commitAt(player: Player, view: View, position: number): Step {
  const { operator } = memberOf(player, view.cohort[position]!);
  return await as(player.job, operator).commit(position, commitmentOf(player, view, position));
}

/** Commits of the given positions, in this order; of everybody where none are given. */
export async function commitAll(player: Player, positions?: readonly number[]): Promise<void> {
  const view = await viewOf(player);
  for (const position of positions ?? view.cohort.keys()) await commitAt(player, view, position);
}

function sign(player: Player, member: bigint, message: SignedStruct): Hex {
  return signDigest(structDigest(player.domain, message), memberOf(player, member).privateKey);
}

export function bitmapOf(
  player: Player,
  view: View,
  seat: number,
  bits: bigint,
): { seat: number; bits: bigint; signature: Hex } {
  const message = { type: "Bitmap", round: Number(view.round), seed: view.seed, seat, bits } as const;
  return { seat, bits, signature: sign(player, view.seats[seat]!, message) };
}

/** Openings of all that committed, and every seat's bitmap over them. */
export async function shareAll(player: Player): Step {
  const view = await viewOf(player);
  const openings = bitsOf(view.committedMask).map((position) => openingOf(player, view, position));
  const bitmaps = view.seats.map((_, seat) => bitmapOf(player, view, seat, view.committedMask));
  return await player.job.share(openings, bitmaps);
}

/** The include set as the chain hashed it. */
export function includedOf(player: Player, view: View): IncludedUpdate[] {
  const updates = bitsOf(view.includedMask).map((position) => ({
    updateRoot: view.updateRoots[position]!,
    operator: memberOf(player, view.cohort[position]!).address,
    exampleCount: Number(view.exampleCounts[position]!),
  }));
  if (includeHash(updates) !== view.includeHash)
    throw new Error("the include set does not hash to what is on the chain");
  return updates;
}

/** The right aggregate of the include set. */
export function aggregateOf(player: Player, view: View): Int32Array {
  const included = includedOf(player, view);
  const weights = weightsOf(
    included.map(({ exampleCount }) => exampleCount),
    player.weightCap,
  );
  const updates = bitsOf(view.includedMask).map((position, index) => ({
    values: updateOf(player, view, view.cohort[position]!).values,
    weight: weights[index]!,
  }));
  return weightedMean(updates);
}

export function aggregateTree(aggregate: Int32Array): { bytes: Uint8Array; tree: MerkleTree } {
  const bytes = encodeAggregate(aggregate);
  return { bytes, tree: buildTree(bytes, AGGREGATE_LEAF_BYTES) };
}

/** Posts a root from a seat. */
export async function proposeFrom(player: Player, seat: number, root: Hex): Step {
  const view = await viewOf(player);
  return await as(player.job, memberOf(player, view.seats[seat]!).operator).propose(root);
}

export async function proposeRight(player: Player, seat = 0): Step {
  return await proposeFrom(player, seat, aggregateTree(aggregateOf(player, await viewOf(player))).tree.root);
}

export function attestationOf(player: Player, view: View, seat: number): { seat: number; signature: Hex } {
  const { round, seed, slot, includeHash: included, aggregateRoot } = view;
  const message = {
    type: "Attestation",
    round: Number(round),
    seed,
    slot: Number(slot),
    includeHash: included,
    aggregateRoot,
  } as const;
  return { seat, signature: sign(player, view.seats[seat]!, message) };
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

export interface ScoreOpening {
  readonly seat: number;
  readonly vector: Hex;
  readonly salt: Hex;
}

export function scoreOpeningOf(
  view: View,
  seat: number,
  vector: readonly number[] | undefined = vectorOf(view, seat),
): ScoreOpening {
  return { seat, vector: toHex(encodeVector(vector)), salt: keccakWords(0x5c03e, view.round, seat) };
}

export function scoreCommitOf(
  player: Player,
  view: View,
  opening: ScoreOpening,
): { seat: number; commitment: Hex; signature: Hex } {
  const { seat, vector, salt } = opening;
  const scorer: Address = memberOf(player, view.seats[seat]!).address;
  const round = Number(view.round);
  const parts = {
    round,
    seed: view.seed,
    scorer,
    includeHash: view.includeHash,
    vector: Buffer.from(vector.slice(2), "hex"),
    salt,
  };
  const commitment = scoreCommitmentHash(player.domain, parts);
  const message = { type: "ScoreCommit", round, seed: view.seed, includeHash: view.includeHash, commitment } as const;
  return { seat, commitment, signature: sign(player, view.seats[seat]!, message) };
}

/** Attestations and score commits of the given seats; of all live ones where none are given. */
export async function attestAll(player: Player, seats?: readonly number[], openings?: readonly ScoreOpening[]): Step {
  const view = await viewOf(player);
  const who = seats ?? bitsOf(view.liveSeats);
  const scores = openings ?? who.map((seat) => scoreOpeningOf(view, seat));
  return await player.job.attest(
    who.map((seat) => attestationOf(player, view, seat)),
    scores.map((opening) => scoreCommitOf(player, view, opening)),
  );
}

export async function openAllScores(player: Player): Step {
  const view = await viewOf(player);
  return await player.job.openScores(
    bitsOf(view.scoreCommittedMask & view.liveSeats).map((seat) => scoreOpeningOf(view, seat)),
  );
}

/** From Draw to the end of Share. */
export async function playToPropose(player: Player): Promise<void> {
  await draw(player);
  await commitAll(player);
  await advance(player);
  await shareAll(player);
  await advance(player);
}

/** From Draw to Challenge, with the right aggregate. */
export async function playToChallenge(player: Player): Promise<void> {
  await playToPropose(player);
  await proposeRight(player);
}

/** From Challenge on. */
export async function playFromChallenge(player: Player): Step {
  await attestAll(player);
  await advance(player);
  await openAllScores(player);
  return await advance(player);
}

/** A whole round; the transaction that settles it. */
export async function playRound(player: Player): Step {
  await playToChallenge(player);
  return await playFromChallenge(player);
}

/** Past every deadline, in seconds and in blocks. */
export async function waitLong(player: Player): Promise<void> {
  await player.world.helpers.mine(10, { interval: 1_000 });
}

export interface LeafProof {
  readonly leaf: Hex;
  readonly siblings: readonly Hex[];
}

export function leafProof(bytes: Uint8Array, tree: MerkleTree, coordinate: number): LeafProof {
  const index = Math.floor(coordinate / LEAF_VALUES);
  const leaf = bytes.slice(index * tree.leafBytes, (index + 1) * tree.leafBytes);
  return { leaf: toHex(leaf), siblings: proveLeaf(tree, index).map(toHex) };
}

/** What `proveWrongLeaf` takes after the job, for a standing aggregate of these bytes. */
export function proofArguments(
  player: Player,
  view: View,
  coordinate: number,
  aggregate: { readonly bytes: Uint8Array; readonly tree: MerkleTree },
): [number, IncludedUpdate[], LeafProof[], LeafProof] {
  const leaves = bitsOf(view.includedMask).map((position) => {
    const { bytes, tree } = updateOf(player, view, view.cohort[position]!);
    return leafProof(bytes, tree, coordinate);
  });
  return [coordinate, includedOf(player, view), leaves, leafProof(aggregate.bytes, aggregate.tree, coordinate)];
}

export const everyone = (view: View): bigint => fullMask(view.cohort.length);

export async function receiptOf(step: Step): Promise<ContractTransactionReceipt> {
  const receipt = await (await step).wait();
  if (receipt === null) throw new Error("the transaction was not mined");
  return receipt;
}
