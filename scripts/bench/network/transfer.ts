import { fork } from "node:child_process";
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
import { median } from "./statistics.ts";
import type { Ready } from "./transferHolder.ts";

const RUNS = 7;

/**
 * One blob of 100 MB from another process over loopback, out of one daemon's store into another's, and the
 * same bytes over raw TCP with sha-256, in turn; medians.
 */
export async function measureTransfer(): Promise<Record<string, number>> {
  const holder = fork(fileURLToPath(new URL("transferHolder.ts", import.meta.url)), { stdio: ["ignore", 2, 2, "ipc"] });
  try {
    const [ready] = (await once(holder, "message")) as [Ready];
    const folder = mkdtempSync(join(tmpdir(), "paceline-bench-"));
    const storage = await openStorage(folder);
    const peer = await openPeer(1, { blobs: sourceOver(storage) });
    await peer.network.connect(ready.contacts);
    const { blob, raw } = await inTurn(peer, storage, ready);
    await peer.host.stop();
    storage.close();
    rmSync(folder, { recursive: true, force: true });
    return { blobMBps: blob, rawMBps: raw, blobShare: blob / raw };
  } finally {
    holder.disconnect();
    await once(holder, "exit");
  }
}

async function inTurn(
  { network }: PeerHost,
  storage: Storage,
  { shape, rawPort }: Ready,
): Promise<{ blob: number; raw: number }> {
  const holders = network.peers();
  const megabytes = (shape.leafBytes * shape.leafCount) / 1e6;
  const blob: number[] = [];
  const raw: number[] = [];
  for (let run = 0; run <= RUNS; run++) {
    raw.push(megabytes / (await seconds(() => receiveRaw(rawPort))));
    blob.push(megabytes / (await seconds(() => network.fetchBlob(shape, holders, AbortSignal.timeout(60_000)))));
    await forgotten(storage, shape.root);
  }
  return { blob: median(blob.slice(1)), raw: median(raw.slice(1)) };
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

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}
