import type { Address, Hex } from "../../../core/bytes.ts";
import type { IncludedUpdate } from "../../../core/encoding.ts";
import { PacelineError } from "../../../core/errors.ts";
import { AGGREGATE_LEAF_BYTES, encodeAggregate, encodeUpdate, UPDATE_LEAF_BYTES } from "../../../core/fixedPoint.ts";
import { buildTree, LEAF_VALUES, proveLeaf } from "../../../core/merkle.ts";
import type { LeafProof, WrongLeafProof } from "../../../chain/chain.ts";
import type { ParticipantContext } from "../context.ts";
import { exactAggregate } from "./aggregation.ts";
import { fetchAggregate, readUpdate } from "./blobs.ts";

/** Proofs that an aggregate is wrong at one coordinate (contracts/interfaces/ICourt.sol). */

/**
 * Fetches an aggregate and finds the first coordinate at which it is wrong.
 * @returns undefined when it is right everywhere
 */
export async function proveWrong(
  context: ParticipantContext,
  updates: readonly IncludedUpdate[],
  aggregateRoot: Hex,
  holders: readonly Address[],
): Promise<WrongLeafProof | undefined> {
  const standing = await fetchAggregate(context, aggregateRoot, holders);
  return context.stopwatch.measure("verification", async () => {
    const right = encodeAggregate(await exactAggregate(context, updates));
    const wrongByte = right.findIndex((byte, at) => byte !== standing[at]);
    if (wrongByte < 0) return undefined;
    const leafIndex = Math.floor(wrongByte / AGGREGATE_LEAF_BYTES);
    return proofAt(context, updates, wrongByte >> 2, leafProof(standing, AGGREGATE_LEAF_BYTES, leafIndex));
  });
}

/**
 * The proof from one leaf of an aggregate that the chain was shown, where it is wrong.
 * @param leafIndex its place; beyond the vector all values are zero
 */
export async function proveShownLeaf(
  context: ParticipantContext,
  updates: readonly IncludedUpdate[],
  leafIndex: number,
  aggregateLeaf: LeafProof,
): Promise<WrongLeafProof> {
  const right = encodeAggregate(await exactAggregate(context, updates));
  const start = leafIndex * AGGREGATE_LEAF_BYTES;
  const wrongByte = aggregateLeaf.leaf.findIndex((byte, at) => byte !== (right[start + at] ?? 0));
  if (wrongByte < 0) throw new PacelineError("bad-argument", `leaf ${leafIndex} is right`);
  return proofAt(context, updates, (start + wrongByte) >> 2, aggregateLeaf);
}

async function proofAt(
  context: ParticipantContext,
  updates: readonly IncludedUpdate[],
  coordinate: number,
  aggregateLeaf: LeafProof,
): Promise<WrongLeafProof> {
  const beyond = coordinate >= context.chain.terms.vectorLength;
  const values = beyond ? [] : await Promise.all(updates.map(({ updateRoot }) => readUpdate(context, updateRoot)));
  const leafIndex = Math.floor(coordinate / LEAF_VALUES);
  const updateLeaves = values.map((each) => leafProof(encodeUpdate(each), UPDATE_LEAF_BYTES, leafIndex));
  return { coordinate, updates, updateLeaves, aggregateLeaf };
}

function leafProof(bytes: Uint8Array, leafBytes: number, leafIndex: number): LeafProof {
  const leaf = bytes.subarray(leafIndex * leafBytes, (leafIndex + 1) * leafBytes);
  if (leaf.length !== leafBytes) throw new PacelineError("bad-argument", `leaf ${leafIndex} is outside the blob`);
  return { leaf, siblings: proveLeaf(buildTree(bytes, leafBytes), leafIndex) };
}
