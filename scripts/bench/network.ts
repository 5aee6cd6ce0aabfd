import type { BenchOptions, BenchResult } from "./benchResult.ts";
import { measureAnnouncements } from "./network/announce.ts";
import { measureIdle } from "./network/idle.ts";
import { measureSwarm } from "./network/swarm.ts";
import { measureTransfer } from "./network/transfer.ts";

const PARTS: Readonly<Record<string, () => Promise<Record<string, number>>>> = {
  transfer: measureTransfer,
  swarm: measureSwarm,
  announce: measureAnnouncements,
  idle: measureIdle,
};

/**
 * - `blobMBps`, `rawMBps`, `blobShare`: `transfer`, a blob of 100 MB between two processes, beside raw TCP with sha-256
 * - `swarmSeconds`: `swarm`, twenty peers fetch twenty updates of 400 KB each
 * - `announceP99Ms`: `announce`, a gossip message until each of twenty peers has it
 * - `idleMB`, `idleCpuPercent`: `idle`, a daemon that follows a job in which nothing happens
 */
export async function benchNetwork({ only = Object.keys(PARTS) }: BenchOptions): Promise<BenchResult> {
  const figures: Record<string, number> = {};
  for (const name of only) {
    const part = Object.hasOwn(PARTS, name) ? PARTS[name] : undefined;
    if (part === undefined) throw new Error(`the parts are ${Object.keys(PARTS).join(", ")}`);
    Object.assign(figures, await part());
  }
  return { figures, peers: {}, versions: { node: process.versions.node, openssl: process.versions.openssl } };
}
