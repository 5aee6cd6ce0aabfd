// The process that fetches: the blob, the same bytes over raw TCP, and over libp2p alone, in turn. It starts the one that holds them.
import { fork, type ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import type { Hex } from "../../../node/core/bytes.ts";
import { openStorage } from "../../../node/storage/sqlite.ts";
import type { Storage } from "../../../node/storage/storage.ts";
import { openPeer, sourceOver, type PeerHost } from "./peerHost.ts";
import { openPlainReceiver, type PlainReceiver } from "./plainStream.ts";
import { median } from "./statistics.ts";
import type { Ready } from "./transferHolder.ts";

const RUNS = 7;

/** Milliseconds of processor time that a megabyte takes at each end. */
interface Cost {
  readonly sender: number;
  readonly receiver: number;
}

interface Taken {
  readonly rate: number[];
  readonly cost: Cost[];
}

type Way = "blob" | "raw" | "libp2p";

async function measure(): Promise<Record<string, number>> {
  const holder = fork(fileURLToPath(new URL("transferHolder.ts", import.meta.url)), { stdio: ["ignore", 2, 2, "ipc"] });
  try {
    const [ready] = (await once(holder, "message")) as [Ready];
    const folder = mkdtempSync(join(tmpdir(), "paceline-bench-"));
    const storage = await openStorage(folder);
    const peer = await openPeer(1, { blobs: sourceOver(storage) });
    await peer.network.connect(ready.contacts);
    const plain = await openPlainReceiver(ready.plainAddress);
    const taken = await inTurn(holder, { peer, storage, plain, ready });
    await plain.stop();
    await peer.host.stop();
    storage.close();
    rmSync(folder, { recursive: true, force: true });
    return figuresOf(taken);
  } finally {
    holder.disconnect();
    await once(holder, "exit");
  }
}

interface Ends {
  readonly peer: PeerHost;
  readonly storage: Storage;
  readonly plain: PlainReceiver;
  readonly ready: Ready;
}

async function inTurn(
  holder: ChildProcess,
  { peer: { network }, storage, plain, ready: { shape, rawPort } }: Ends,
): Promise<Record<Way, Taken>> {
  const holders = network.peers();
  const bytes = shape.leafBytes * shape.leafCount;
  const ways: Record<Way, () => Promise<unknown>> = {
    raw: () => receiveRaw(rawPort),
    libp2p: () => plain.receive(bytes),
    blob: () => network.fetchBlob(shape, holders, AbortSignal.timeout(60_000)),
  };
  const taken: Record<Way, Taken> = {
    raw: { rate: [], cost: [] },
    libp2p: { rate: [], cost: [] },
    blob: { rate: [], cost: [] },
  };
  for (let run = 0; run <= RUNS; run++) {
    for (const way of Object.keys(ways) as Way[]) {
      const before = await processorMs(holder);
      const start = performance.now();
      await ways[way]();
      const seconds = (performance.now() - start) / 1000;
      if (way === "blob") await forgotten(storage, shape.root);
      const after = await processorMs(holder);
      if (run === 0) continue; // code is compiled and windows grow
      taken[way].rate.push(bytes / 1e6 / seconds);
      const a = (end: keyof Cost): number => (after[end] - before[end]) / (bytes / 1e6);
      taken[way].cost.push({ sender: a("sender"), receiver: a("receiver") });
    }
  }
  return taken;
}

function figuresOf(taken: Record<Way, Taken>): Record<string, number> {
  const rate = (way: Way): number => median(taken[way].rate);
  const costs = (Object.keys(taken) as Way[]).flatMap((way) =>
    (["sender", "receiver"] as const).map((end) => [
      `${way}${end === "sender" ? "Sender" : "Receiver"}MsPerMB`,
      median(taken[way].cost.map((cost) => cost[end])),
    ]),
  );
  return {
    blobMBps: rate("blob"),
    rawMBps: rate("raw"),
    blobShare: rate("blob") / rate("raw"),
    libp2pMBps: rate("libp2p"),
    ...(Object.fromEntries(costs) as Record<string, number>),
  };
}

/** What both processes have used of the processors. */
async function processorMs(holder: ChildProcess): Promise<Cost> {
  holder.send("processor");
  const [{ user, system }] = (await once(holder, "message")) as [NodeJS.CpuUsage];
  const own = process.cpuUsage();
  return { sender: (user + system) / 1000, receiver: (own.user + own.system) / 1000 };
}

/** The blob is on the disk when the transfer ends, or soon after; the next transfer is to begin anew. */
async function forgotten(storage: Storage, root: Hex): Promise<void> {
  while (storage.blob(root)?.whole !== true) await new Promise((resolve) => setTimeout(resolve, 10));
  await storage.deleteBlob(root);
}

async function receiveRaw(port: number): Promise<void> {
  const digest = createHash("sha256");
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  for await (const piece of socket) digest.update(piece as Uint8Array);
  digest.digest();
}

const figures = await measure();
process.send?.(figures, () => process.exit());
