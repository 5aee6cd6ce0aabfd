import { coordinateOf } from "../../core/aggregationRule.ts";
import { ZERO_WORD, type Hex } from "../../core/bytes.ts";
import { includeHash, type IncludedUpdate, type RoundRecord } from "../../core/encoding.ts";
import { AGGREGATE_LEAF_BYTES, UPDATE_LEAF_BYTES } from "../../core/fixedPoint.ts";
import type { JobTerms } from "../../core/jobTerms.ts";
import { LEAF_VALUES, leafCountOf, treeDepth, verifyLeaf } from "../../core/merkle.ts";
import { weightsOf } from "../../core/weightedMean.ts";
import type { LeafProof, WrongLeafProof } from "../chain.ts";
import { revert, type Block } from "./block.ts";
import { faultProposal, faultRecord } from "./courtDoor.ts";
import { type JobState } from "./jobStorage.ts";
import { standingRoot } from "./jobViews.ts";

/** `contracts/court/WrongLeaves.sol`: one coordinate of an aggregate, recomputed. */

export function proveWrongLeaf(job: JobState, block: Block, proof: WrongLeafProof): void {
  const root = standingRoot(job);
  if (root === ZERO_WORD) revert("NoStandingProposal");
  requireWrong(job.terms, job.includeHash, root, proof);
  faultProposal(job, block);
}

export function proveSettledWrongLeaf(
  job: JobState,
  block: Block,
  round: number,
  record: RoundRecord,
  proof: WrongLeafProof,
): void {
  requireWrong(job.terms, record.includeHash, record.aggregateRoot, proof);
  faultRecord(job, block, round, record);
}

export function requireIncluded(updates: readonly IncludedUpdate[], onChain: Hex): void {
  const given = includeHash(updates);
  if (given !== onChain) revert("WrongIncludeSet", given, onChain);
}

function requireWrong(terms: JobTerms, included: Hex, root: Hex, proof: WrongLeafProof): void {
  const { coordinate, updates, updateLeaves, aggregateLeaf } = proof;
  requireIncluded(updates, included);
  const { vectorLength } = terms;
  const capacity = LEAF_VALUES * 2 ** treeDepth(leafCountOf(vectorLength));
  if (coordinate >= capacity) revert("CoordinateOutOfRange", coordinate, capacity);
  const padding = coordinate >= vectorLength;
  if (updateLeaves.length !== updates.length && !(padding && updateLeaves.length === 0)) {
    revert("LengthMismatch", updates.length, updateLeaves.length);
  }
  const right = padding ? 0 : rightValue(terms, proof);
  requireLeaf(aggregateLeaf, AGGREGATE_LEAF_BYTES, root, coordinate, vectorLength, updates.length);
  const claimed = Buffer.from(aggregateLeaf.leaf).readInt32BE(4 * (coordinate % LEAF_VALUES));
  if (claimed === right) revert("AggregateIsRight", coordinate, right);
}

/** The coordinate of the aggregate, from the updates' leaves. */
function rightValue(terms: JobTerms, { coordinate, updates, updateLeaves }: WrongLeafProof): number {
  const counts = updates.map(({ exampleCount }) => exampleCount);
  const values = updates.map(({ updateRoot }, index) => {
    const proof = updateLeaves[index]!;
    requireLeaf(proof, UPDATE_LEAF_BYTES, updateRoot, coordinate, terms.vectorLength, index);
    return Buffer.from(proof.leaf).readInt16BE(2 * (coordinate % LEAF_VALUES));
  });
  return coordinateOf(terms.rule, terms.trimPermille, values, weightsOf(counts, terms.weightCap));
}

/** @param index of the update, or their number for the aggregate: what an error names */
function requireLeaf(
  proof: LeafProof,
  size: number,
  root: Hex,
  coordinate: number,
  length: number,
  index: number,
): void {
  if (proof.leaf.length !== size) revert("BadLeafSize", proof.leaf.length, size);
  const depth = treeDepth(leafCountOf(length));
  const leafIndex = Math.floor(coordinate / LEAF_VALUES);
  if (!verifyLeaf(root, depth, leafIndex, proof.leaf, proof.siblings)) revert("BadProof", index);
}
