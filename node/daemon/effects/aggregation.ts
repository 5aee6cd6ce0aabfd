import type { Address, Hex } from "../../core/bytes.ts";
import { includeHash as hashOf, type IncludedUpdate } from "../../core/encoding.ts";
import { PacelineError } from "../../core/errors.ts";
import { AGGREGATE_LEAF_BYTES, encodeAggregate, encodeUpdate, UPDATE_LEAF_BYTES } from "../../core/fixedPoint.ts";
import { buildTree, LEAF_VALUES, proveLeaf } from "../../core/merkle.ts";
import { weightedMean, weightsOf, type WeightedUpdate } from "../../core/weightedMean.ts";
import type { LeafProof, WrongLeafProof } from "../../chain/chain.ts";
import type { ParticipantContext } from "../context.ts";
import { fetchAggregate, readUpdate } from "./blobs.ts";

/** The exact aggregate of an include set, computed once, also where several effects ask at the same time. */
export function exactAggregate(context: ParticipantContext, updates: readonly IncludedUpdate[]): Promise<Int32Array> {
  const includeHash = hashOf(updates);
  if (context.aggregate?.includeHash !== includeHash) {
    const values = computeAggregate(context, updates);
    context.aggregate = { includeHash, values };
    values.catch(() => {
      if (context.aggregate?.values === values) context.aggregate = undefined; // the next one who asks tries again
    });
  }
  return context.aggregate.values;
}

/**
 * An attestation is signed over the hash, and so are scores: an endpoint that tells of other updates than those that the
 * hash stands for would have this peer sign what it can be slashed for.
 * @throws PacelineError `bad-input` unless `includeHash` stands for `updates`
 */
export function requireIncludeHash(includeHash: Hex, updates: readonly IncludedUpdate[]): void {
  const computed = hashOf(updates);
  if (computed !== includeHash) {
    throw new PacelineError("bad-input", "the endpoint's include set is not the one that its hash stands for", {
      includeHash,
      computed,
    });
  }
}

async function computeAggregate(context: ParticipantContext, updates: readonly IncludedUpdate[]): Promise<Int32Array> {
  return weightedMean(await weightedUpdates(context, updates));
}

/** The included updates with the weights that the round gives them, in include order. */
export function weightedUpdates(
  context: ParticipantContext,
  updates: readonly IncludedUpdate[],
): Promise<WeightedUpdate[]> {
  const weights = weightsOf(
    updates.map(({ exampleCount }) => exampleCount),
    context.chain.terms.weightCap,
  );
  return Promise.all(
    updates.map(async ({ updateRoot }, index) => ({
      values: await readUpdate(context, updateRoot),
      weight: weights[index] as number,
    })),
  );
}

/** Computes the aggregate, keeps its blob, and tells its root. */
export async function aggregate(
  context: ParticipantContext,
  round: number,
  includeHash: Hex,
  updates: readonly IncludedUpdate[],
): Promise<void> {
  const { stopwatch, storage, tamper } = context;
  requireIncludeHash(includeHash, updates);
  const { bytes, root } = await stopwatch.measure("verification", async () => {
    const exact = await exactAggregate(context, updates);
    const encoded = encodeAggregate(tamper === undefined ? exact : tamper(exact));
    return { bytes: encoded, root: buildTree(encoded, AGGREGATE_LEAF_BYTES).root };
  });
  context.updates.keepAggregate(root, bytes);
  context.dispatch({ type: "aggregated", round, includeHash, aggregateRoot: root });
  await storage.putBlob(root, bytes);
}

/**
 * Finds the first coordinate at which the standing aggregate is wrong and builds its proof (contracts/interfaces/ICourt.sol).
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
    const wrongByte = right.findIndex((byte, index) => byte !== standing[index]);
    if (wrongByte < 0) return undefined;
    const coordinate = wrongByte >> 2;
    const leafIndex = Math.floor(coordinate / LEAF_VALUES);
    const beyond = coordinate >= context.chain.terms.vectorLength;
    const values = beyond ? [] : await Promise.all(updates.map(({ updateRoot }) => readUpdate(context, updateRoot)));
    return {
      coordinate,
      updates,
      updateLeaves: values.map((each) => leafProof(encodeUpdate(each), UPDATE_LEAF_BYTES, leafIndex)),
      aggregateLeaf: leafProof(standing, AGGREGATE_LEAF_BYTES, leafIndex),
    };
  });
}

function leafProof(bytes: Uint8Array, leafBytes: number, leafIndex: number): LeafProof {
  const leaf = bytes.subarray(leafIndex * leafBytes, (leafIndex + 1) * leafBytes);
  if (leaf.length !== leafBytes) throw new PacelineError("bad-argument", `leaf ${leafIndex} is outside the blob`);
  return { leaf, siblings: proveLeaf(buildTree(bytes, leafBytes), leafIndex) };
}
