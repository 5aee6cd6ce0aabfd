import type { ContractTransactionReceipt, ContractTransactionResponse } from "ethers";
import { keccakWords, type Hex } from "../../node/core/bytes.ts";
import type { JobDomain } from "../../node/core/encoding.ts";
import { encodeUpdate, UPDATE_LEAF_BYTES } from "../../node/core/fixedPoint.ts";
import { buildTree, type MerkleTree } from "../../node/core/merkle.ts";
import { seededRandom } from "../../node/core/random.ts";
import { fullMask } from "../../node/core/roundView.ts";
import { addressOf, read, type Job, type Participant, type World } from "./world.ts";

/** Who plays rounds of a job from TypeScript, and what each member trains. */

/** The fields of `RoundView`, as ethers decodes them. */
export interface View {
  readonly phase: bigint;
  readonly round: bigint;
  readonly phaseStart: bigint;
  readonly phaseStartBlock: bigint;
  readonly seed: Hex;
  readonly modelId: Hex;
  readonly cohort: readonly bigint[];
  readonly seats: readonly bigint[];
  readonly committedMask: bigint;
  readonly passedMask: bigint;
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
  readonly openDemands: bigint;
  readonly windowEnd: bigint;
  readonly windowEndBlock: bigint;
}

export interface MemberView {
  readonly operator: string;
  readonly wallet: string;
  readonly trailingScore: bigint;
  readonly suspendedUntil: bigint;
  readonly weight: bigint;
  readonly credit: bigint;
  readonly active: boolean;
  readonly ejected: boolean;
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

export type Step = Promise<ContractTransactionResponse>;

export interface Player {
  readonly world: World;
  readonly job: Job;
  readonly domain: JobDomain;
  readonly vectorLength: number;
  readonly weightCap: number;
  readonly rule: number;
  readonly trimPermille: number;
  /** By member id. */
  readonly members: readonly Participant[];
  /** Updates that are not what `updateOf` makes, by member id. */
  readonly replaced: Map<number, Update>;
}

/** @param members in the order in which they joined */
export async function playerOf(world: World, job: Job, members: readonly Participant[]): Promise<Player> {
  const terms = await read<Record<"vectorLength" | "weightCap" | "rule" | "trimPermille", bigint>>(job, "terms");
  return {
    world,
    job,
    domain: { chainId: world.chainId, job: await addressOf(job) },
    vectorLength: Number(terms.vectorLength),
    weightCap: Number(terms.weightCap),
    rule: Number(terms.rule),
    trimPermille: Number(terms.trimPermille),
    members,
    replaced: new Map(),
  };
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

/** Who holds a seat of the round. */
export function holderOf(player: Player, view: View, seat: number): Participant {
  return memberOf(player, view.seats[seat]!);
}

export async function memberView(player: Player, id: bigint | number): Promise<MemberView> {
  const [member] = await read<readonly MemberView[]>(player.job, "members", id, BigInt(id) + 1n);
  if (member === undefined) throw new Error(`the job has no member ${id}`);
  return member;
}

/** What a member has locked in the job. */
export async function stakeOf(player: Player, id: bigint | number): Promise<bigint> {
  return await read(player.world.treasury, "stakeOf", player.job, memberOf(player, id).walletAddress);
}

/** What a member has earned in the job and not yet claimed. */
export async function earnedBy(player: Player, id: bigint | number): Promise<bigint> {
  return (await memberView(player, id)).credit;
}

export async function poolOf(player: Player): Promise<bigint> {
  return await read(player.world.treasury, "poolOf", player.job);
}

/** An update from values; the salt follows from `tag`. */
export function makeUpdate(values: Int16Array, exampleCount: number, tag: number): Update {
  const bytes = encodeUpdate(values);
  return { values, bytes, tree: buildTree(bytes, UPDATE_LEAF_BYTES), exampleCount, salt: keccakWords(0x5a17, tag) };
}

/** What a member trains in a round: its own values and count, the same whenever it is asked. */
export function updateOf(player: Player, view: View, id: bigint | number): Update {
  const replaced = player.replaced.get(Number(id));
  if (replaced !== undefined) return replaced;
  const random = seededRandom(Number(id), Number(view.round));
  const values = Int16Array.from({ length: player.vectorLength }, () => random.below(65_535) - 32_767);
  return makeUpdate(values, 20 + 13 * Number(id), 1_000 * Number(view.round) + Number(id));
}

export const everyone = (view: View): bigint => fullMask(view.cohort.length);

/** Past every deadline, in seconds and in blocks. */
export async function waitLong(player: Player): Promise<void> {
  await player.world.helpers.mine(40, { interval: 500 });
}

export async function receiptOf(step: Step): Promise<ContractTransactionReceipt> {
  const receipt = await (await step).wait();
  if (receipt === null) throw new Error("the transaction was not mined");
  return receipt;
}

/** The arguments of an event of the job that `step` emitted. */
export async function eventOf<T>(player: Player, step: Step, name: string): Promise<T> {
  const { logs } = await receiptOf(step);
  const event = logs.map((log) => player.job.interface.parseLog(log)).find((parsed) => parsed?.name === name);
  if (event === undefined || event === null) throw new Error(`the transaction did not emit ${name}`);
  return event.args.toObject() as T;
}
