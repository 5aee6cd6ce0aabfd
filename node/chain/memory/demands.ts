import { keccakWords, toHex, ZERO_WORD, type Address, type Hex } from "../../core/bytes.ts";
import { includeHash, type IncludedUpdate } from "../../core/encoding.ts";
import { AGGREGATE_LEAF_BYTES, UPDATE_LEAF_BYTES } from "../../core/fixedPoint.ts";
import { hashLeaf, hashNode, leafCountOf, treeDepth } from "../../core/merkle.ts";
import type { DemandAnswer, OpenDemand, TreeNode } from "../chain.ts";
import { revert, type Block } from "./block.ts";
import { closeDemand, openDemand } from "./courtDoor.ts";
import type { DemandRecord } from "./docket.ts";
import { isDrawn, wrongPhase, type JobState } from "./jobStorage.ts";
import { standingRoot } from "./jobViews.ts";
import { walletOf } from "./slashing.ts";
import { requireIncluded } from "./wrongLeaves.ts";

/** `contracts/court/Demands.sol`: demands to show what is under a node of a tree. Without bonds. */

const PUBLIC_PLACES = 8;
const ANSWER_LEVELS = 6;

export function demand(
  job: JobState,
  block: Block,
  updates: readonly IncludedUpdate[],
  node: TreeNode,
  path: readonly Uint8Array[],
): void {
  const { docket, terms } = job;
  if (standingRoot(job) === ZERO_WORD) revert("NoStandingProposal");
  requireIncluded(updates, job.includeHash);
  requireNode(job, updates, node, path);
  requireInTime(job, block, updates.length);
  const proposal = proposalOf(job);
  const place = requirePlace(job, proposal, block.sender);
  const key = [proposal, node.tree, node.level, node.index].join();
  if (docket.asked.has(key)) revert("AlreadyDemanded", key);
  if (job.phase !== "challenge") wrongPhase(job);

  for (const stale of docket.open.filter((one) => one.proposal !== proposal).reverse()) remove(job, stale);
  docket.asked.add(key);
  docket.open.push({
    id: ++docket.made,
    proposal,
    demander: block.sender,
    deadline: block.time + terms.demandSeconds,
    deadlineBlock: block.number + terms.phaseBlocks,
    place,
    node,
    hashWithout: node.tree === 0 ? ZERO_WORD : includeHash(updates.filter((_, index) => index !== node.tree - 1)),
  });
  openDemand(job);
}

export function answer(job: JobState, block: Block, id: number, data: Uint8Array): void {
  const proposal = proposalOf(job);
  const { docket } = job;
  const asked = docket.open.find((one) => one.id === id && one.proposal === proposal);
  if (asked === undefined) return revert("NoSuchDemand", id);
  if (isOver(asked, block)) revert("TooLate", asked.deadline);
  requireAnswer(asked.node, data);
  remove(job, asked);
  docket.answers.push({ proposal, answer: { id, node: asked.node, data } });
  closeDemand(job, block);
}

/** What an unanswered demand means. */
export interface Withheld {
  readonly demander: Address;
  /** Of the withheld update in include order; undefined for the aggregate. */
  readonly updateIndex: number | undefined;
  readonly includeHash: Hex;
}

/** What is overdue, the other demands being void with it; undefined for nothing. */
export function overdue(job: JobState, block: Block): Withheld | undefined {
  const proposal = proposalOf(job);
  const late = job.docket.open.find((one) => one.proposal === proposal && isOver(one, block));
  if (late === undefined) return undefined;
  job.docket.open.length = 0;
  const { demander, hashWithout, node } = late;
  return { demander, updateIndex: node.tree === 0 ? undefined : node.tree - 1, includeHash: hashWithout };
}

export function openDemandsOf(job: JobState): OpenDemand[] {
  const proposal = proposalOf(job);
  const ours = job.docket.open.filter((one) => one.proposal === proposal);
  return ours.map(({ id, demander, deadline, node }) => ({ id, demander, deadline, bond: 0n, node }));
}

export function answersOf(job: JobState): DemandAnswer[] {
  const proposal = proposalOf(job);
  return job.docket.answers.filter((one) => one.proposal === proposal).map(({ answer: given }) => given);
}

function proposalOf(job: JobState): Hex {
  return keccakWords(job.domain.job, job.round, job.slot, job.seed, job.includeHash, standingRoot(job));
}

/** Seconds and blocks, so that a halt of the chain answers for nobody. */
function isOver({ deadline, deadlineBlock }: DemandRecord, block: Block): boolean {
  return block.time > deadline && block.number >= deadlineBlock;
}

/** Time enough to walk to a leaf of each tree, one demand after the other; then no more, so that the window ends. */
function requireInTime(job: JobState, block: Block, updates: number): void {
  const { challengeSeconds, demandSeconds } = job.terms;
  const steps = Math.ceil(depthOf(job) / ANSWER_LEVELS) + 1;
  const last = job.phaseStart + challengeSeconds + (updates + 1) * steps * demandSeconds;
  if (block.time > last) revert("TooLate", last);
}

/** A place of its own for every member that was drawn in the round, eight for all others. */
function requirePlace(job: JobState, proposal: Hex, sender: Address): Address | undefined {
  const wallet = walletOf(job, sender);
  const memberId = job.members.findIndex((member) => member.wallet === wallet);
  const place = memberId >= 0 && isDrawn(job, memberId) ? wallet : undefined;
  const taken = job.docket.open.filter((one) => one.proposal === proposal && one.place === place).length;
  const max = place === undefined ? PUBLIC_PLACES : 1;
  if (taken >= max) revert("TooManyDemands", max);
  return place;
}

function depthOf({ terms }: JobState): number {
  return treeDepth(leafCountOf(terms.vectorLength));
}

function requireNode(
  job: JobState,
  updates: readonly IncludedUpdate[],
  { tree, level, index, hash }: TreeNode,
  path: readonly Uint8Array[],
): void {
  const above = depthOf(job) - level;
  const exists = tree <= updates.length && above >= 0 && index < 2 ** above;
  if (!exists || path.length !== above) revert("NoSuchNode", tree, level, index);
  const root = tree === 0 ? job.aggregateRoot : updates[tree - 1]!.updateRoot;
  let [at, place]: [Uint8Array, number] = [Buffer.from(hash.slice(2), "hex"), index];
  for (const sibling of path) {
    at = place % 2 === 0 ? hashNode(at, sibling) : hashNode(sibling, at);
    place = Math.floor(place / 2);
  }
  if (toHex(at) !== root) revert("BadPath", root, toHex(at));
}

/** The hashes six levels down, or as many levels as there are; or the leaf itself. */
function requireAnswer({ tree, level, hash }: TreeNode, data: Uint8Array): void {
  const leafBytes = tree === 0 ? AGGREGATE_LEAF_BYTES : UPDATE_LEAF_BYTES;
  const size = level > 0 ? 32 * 2 ** Math.min(level, ANSWER_LEVELS) : leafBytes;
  if (data.length !== size) revert("BadLeafSize", data.length, size);
  const found = toHex(level > 0 ? nodeAbove(data) : hashLeaf(data));
  if (found !== hash) revert("BadAnswer", hash, found);
}

/** The node above a row of a power of two of hashes. */
function nodeAbove(row: Uint8Array): Uint8Array {
  if (row.length === 32) return row;
  const half = row.length / 2;
  return hashNode(nodeAbove(row.subarray(0, half)), nodeAbove(row.subarray(half)));
}

/** The last one takes its place. */
function remove({ docket: { open } }: JobState, gone: DemandRecord): void {
  const last = open.pop();
  if (last !== undefined && last !== gone) open[open.indexOf(gone)] = last;
}
