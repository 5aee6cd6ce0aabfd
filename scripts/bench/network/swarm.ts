import { performance } from "node:perf_hooks";
import { UPDATE_LEAF_BYTES } from "../../../node/core/fixedPoint.ts";
import { buildTree } from "../../../node/core/merkle.ts";
import { seededRandom } from "../../../node/core/random.ts";
import type { BlobShape } from "../../../node/network/network.ts";
import { closeMesh, openMesh } from "./mesh.ts";
import type { PeerHost } from "./peerHost.ts";
import { median } from "./statistics.ts";

const UPDATE_BYTES = 400 * 1024;
const RUNS = 3;

interface Update {
  readonly bytes: Uint8Array;
  readonly shape: BlobShape;
}

/** An update as it comes out of training: small values, most of them near 0. */
function updateOf(seed: number): Update {
  const random = seededRandom(seed);
  const values = Int16Array.from({ length: UPDATE_BYTES / 2 }, () => Math.round(200 * random.normal()));
  const bytes = new Uint8Array(values.buffer);
  const leafCount = bytes.length / UPDATE_LEAF_BYTES;
  return { bytes, shape: { root: buildTree(bytes, UPDATE_LEAF_BYTES).root, leafBytes: UPDATE_LEAF_BYTES, leafCount } };
}

/** Each of twenty peers has an update of 400 KB, and fetches those of the nineteen others at once. */
export async function measureSwarm(): Promise<Record<string, number>> {
  const taken: Taken[] = [];
  for (let run = 0; run < RUNS; run++) taken.push(await everybodyFetches(run));
  const of = (figure: keyof Taken): number => median(taken.map((one) => one[figure]));
  return { swarmSeconds: of("seconds"), swarmCpuSeconds: of("cpuSeconds") };
}

interface Taken {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

async function everybodyFetches(run: number): Promise<Taken> {
  const updates = Array.from({ length: 20 }, (_, index) => updateOf(run * 100 + index));
  const peers = await openMesh((index) => {
    const { bytes, shape } = updates[index] as Update;
    return { blobs: { readBlob: async (root) => (root === shape.root ? bytes : undefined) } };
  });
  const before = process.cpuUsage();
  const start = performance.now();
  const others = (index: number): readonly (readonly [Update, PeerHost])[] =>
    updates.flatMap((update, owner) => (owner === index ? [] : [[update, peers[owner] as PeerHost] as const]));
  const fetches = peers.flatMap(({ network }, index) =>
    others(index).map(([{ shape }, { network: owner }]) =>
      network.fetchBlob(shape, [owner.self], AbortSignal.timeout(600_000)),
    ),
  );
  await Promise.all(fetches);
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(before);
  await closeMesh(peers);
  return { seconds, cpuSeconds: (user + system) / 1e6 };
}
