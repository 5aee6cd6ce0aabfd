/**
 * What judging a round costs without a chain or a network: 50 updates of 200,000 int16 values, the size of the "2NN"
 * perceptron of McMahan et al. (2017), on one thread.
 */
import { performance } from "node:perf_hooks";
import { encodeAggregate, encodeUpdate, AGGREGATE_LEAF_BYTES, UPDATE_LEAF_BYTES } from "../../node/core/fixedPoint.ts";
import { buildTree, proveLeaf, verifyLeaf, LEAF_VALUES, type MerkleTree } from "../../node/core/merkle.ts";
import { seededRandom } from "../../node/core/random.ts";
import { weightedMean, weightsOf, type WeightedUpdate } from "../../node/core/weightedMean.ts";
import type { BenchResult } from "./benchResult.ts";

const UPDATES = 50;
const LENGTH = 200_000;
const COORDINATE = 123_456;
const RUNS = 5;

interface Committed {
  readonly bytes: Uint8Array;
  readonly tree: MerkleTree;
}

/** The median wall time of `RUNS` runs after a warm-up, in milliseconds. */
function medianMs(run: () => unknown): number {
  for (let i = 0; i < 2; i++) run();
  const times = Array.from({ length: RUNS }, () => {
    const start = performance.now();
    run();
    return performance.now() - start;
  });
  return times.sort((a, b) => a - b)[RUNS >> 1] as number;
}

/** Normal values of a standard deviation of 1,000 steps, as a well-chosen exponent gives them. */
function makeUpdates(): WeightedUpdate[] {
  const random = seededRandom(50);
  const weights = weightsOf(
    Array.from({ length: UPDATES }, () => 100 + random.below(1000)),
    2 ** 20,
  );
  return weights.map((weight) => ({
    values: Int16Array.from({ length: LENGTH }, () => Math.round(1000 * random.normal())),
    weight,
  }));
}

function commit(bytes: Uint8Array, leafBytes: number): Committed {
  return { bytes, tree: buildTree(bytes, leafBytes) };
}

function prove({ bytes, tree }: Committed): { leaf: Uint8Array; siblings: readonly Uint8Array[] } {
  const leafIndex = Math.floor(COORDINATE / LEAF_VALUES);
  const leaf = bytes.subarray(leafIndex * tree.leafBytes, (leafIndex + 1) * tree.leafBytes);
  return { leaf, siblings: proveLeaf(tree, leafIndex) };
}

/** What `Court.proveWrongLeaf` takes besides the include set: the leaf and siblings of each update and of the aggregate. */
function proveAll(committed: readonly Committed[]): number {
  const proofs = committed.map(prove);
  return proofs.reduce((bytes, { leaf, siblings }) => bytes + leaf.length + 32 * siblings.length, 0);
}

function requireValid(committed: readonly Committed[]): void {
  for (const one of committed) {
    const { leaf, siblings } = prove(one);
    const valid = verifyLeaf(one.tree.root, one.tree.depth, Math.floor(COORDINATE / LEAF_VALUES), leaf, siblings);
    if (!valid) throw new Error("a proof that was measured does not verify");
  }
}

/**
 * - `meanMs`: the weighted mean of all updates
 * - `rootsMs`: encoding all updates and their Merkle roots
 * - `proofMs`: a wrong-leaf proof from trees that stand, `proofFromBlobsMs`: from blobs, the trees built first
 * - `proofBytes`: leaves and siblings of that proof
 */
export async function benchAggregate(): Promise<BenchResult> {
  const updates = makeUpdates();
  const meanMs = medianMs(() => weightedMean(updates));
  const rootsMs = medianMs(() => updates.map(({ values }) => buildTree(encodeUpdate(values), UPDATE_LEAF_BYTES).root));

  const blobs = updates.map(({ values }) => encodeUpdate(values));
  const aggregate = encodeAggregate(weightedMean(updates));
  const commitAll = (): Committed[] => [
    ...blobs.map((blob) => commit(blob, UPDATE_LEAF_BYTES)),
    commit(aggregate, AGGREGATE_LEAF_BYTES),
  ];
  const committed = commitAll();
  requireValid(committed);
  const proofMs = medianMs(() => proveAll(committed));
  const proofFromBlobsMs = medianMs(() => proveAll(commitAll()));

  const figures = {
    updates: UPDATES,
    values: LENGTH,
    meanMs,
    rootsMs,
    proofMs,
    proofFromBlobsMs,
    proofBytes: proveAll(committed),
  };
  return { figures, peers: {}, versions: { openssl: process.versions.openssl } };
}
