import { ZERO_WORD, type Hex } from "../../core/bytes.ts";
import { includeHash, type IncludedUpdate } from "../../core/encoding.ts";
import { AGGREGATE_LEAF_BYTES, UPDATE_LEAF_BYTES } from "../../core/fixedPoint.ts";
import { LEAF_VALUES, leafCountOf, treeDepth, verifyLeaf } from "../../core/merkle.ts";
import { meanOf, weightsOf } from "../../core/weightedMean.ts";
import type { LeafProof, WrongLeafProof } from "../chain.ts";
import { revert, type Block } from "./block.ts";
import { standingRoot, type JobState } from "./jobState.ts";
import { faultAggregate } from "./judging.ts";

/** `contracts/Court.sol`: recomputes one coordinate from the leaves. */
export function proveWrongLeaf(job: JobState, block: Block, proof: WrongLeafProof): void {
  const { coordinate, updates, updateLeaves, aggregateLeaf } = proof;
  const aggregateRoot = standingRoot(job);
  if (aggregateRoot === ZERO_WORD) revert("NoStandingProposal");
  const given = includeHash(updates);
  if (given !== job.includeHash) revert("WrongIncludeSet", given, job.includeHash);
  const { vectorLength, weightCap } = job.terms;
  const capacity = LEAF_VALUES * 2 ** treeDepth(leafCountOf(vectorLength));
  if (coordinate >= capacity) revert("CoordinateOutOfRange", coordinate, capacity);
  const padding = coordinate >= vectorLength;
  if (updateLeaves.length !== updates.length && !(padding && updateLeaves.length === 0)) {
    revert("LengthMismatch", updates.length, updateLeaves.length);
  }
  const right = padding ? 0 : rightValue(updates, updateLeaves, coordinate, vectorLength, weightCap);
  requireLeaf(aggregateLeaf, AGGREGATE_LEAF_BYTES, aggregateRoot, coordinate, vectorLength, updates.length);
  const claimed = Buffer.from(aggregateLeaf.leaf).readInt32BE(4 * (coordinate % LEAF_VALUES));
  if (claimed === right) revert("AggregateIsRight", coordinate, right);
  faultAggregate(job, block, block.sender);
}

function rightValue(
  updates: readonly IncludedUpdate[],
  leaves: readonly LeafProof[],
  coordinate: number,
  vectorLength: number,
  weightCap: number,
): number {
  const weights = weightsOf(
    updates.map(({ exampleCount }) => exampleCount),
    weightCap,
  );
  let sum = 0;
  for (const [index, { updateRoot }] of updates.entries()) {
    const proof = leaves[index]!;
    requireLeaf(proof, UPDATE_LEAF_BYTES, updateRoot, coordinate, vectorLength, index);
    sum += weights[index]! * Buffer.from(proof.leaf).readInt16BE(2 * (coordinate % LEAF_VALUES));
  }
  return meanOf(
    sum,
    weights.reduce((total, weight) => total + weight, 0),
  );
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
