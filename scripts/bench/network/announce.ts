import { performance } from "node:perf_hooks";
import { closeMesh, openMesh } from "./mesh.ts";
import { quantile } from "./statistics.ts";

const ROUNDS = 15;
const PEERS = 20;
/** As long as a signed opening. */
const MESSAGE_BYTES = 400;
const PAUSE_MS = 50;

/** Each of twenty peers announces something in turn: how long until each of the others has it. */
export async function measureAnnouncements(): Promise<Record<string, number>> {
  const sentAt = new Map<number, number>();
  const delays: number[] = [];
  const peers = await openMesh(() => ({
    blobs: { readBlob: async () => undefined },
    onMessage: async (message) => {
      const at = sentAt.get(new DataView(message.buffer, message.byteOffset).getUint32(0));
      if (at !== undefined) delays.push(performance.now() - at);
      return "accepted";
    },
  }));
  await new Promise((resolve) => setTimeout(resolve, 3_000)); // gossipsub's meshes form within some heartbeats
  for (let message = 0; message < ROUNDS * PEERS; message++) {
    const bytes = new Uint8Array(MESSAGE_BYTES);
    new DataView(bytes.buffer).setUint32(0, message);
    sentAt.set(message, performance.now());
    await peers[message % PEERS]?.network.publish(bytes);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  await closeMesh(peers);
  const expected = ROUNDS * PEERS * (PEERS - 1);
  if (delays.length < expected)
    throw new Error(`${expected - delays.length} of ${expected} announcements did not arrive`);
  return { announceP99Ms: quantile(delays, 0.99), announceMedianMs: quantile(delays, 0.5) };
}
