import { fork } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { openPeer, type PeerHost } from "./peerHost.ts";
import type { Ready } from "./transferHolder.ts";

const RUNS = 7;

/** One blob of 100 MB from another process over loopback, and the same bytes over raw TCP with sha-256, in turn; medians. */
export async function measureTransfer(): Promise<Record<string, number>> {
  const holder = fork(fileURLToPath(new URL("transferHolder.ts", import.meta.url)), { stdio: ["ignore", 2, 2, "ipc"] });
  try {
    const [ready] = (await once(holder, "message")) as [Ready];
    const peer = await openPeer(1, { blobs: { readBlob: async () => undefined } });
    await peer.network.connect(ready.contacts);
    const { blob, raw } = await inTurn(peer, ready);
    await peer.host.stop();
    return { blobMBps: blob, rawMBps: raw, blobShare: blob / raw };
  } finally {
    holder.disconnect();
    await once(holder, "exit");
  }
}

async function inTurn({ network }: PeerHost, { shape, rawPort }: Ready): Promise<{ blob: number; raw: number }> {
  const holders = network.peers();
  const megabytes = (shape.leafBytes * shape.leafCount) / 1e6;
  const blob: number[] = [];
  const raw: number[] = [];
  for (let run = 0; run <= RUNS; run++) {
    raw.push(megabytes / (await seconds(() => receiveRaw(rawPort))));
    blob.push(megabytes / (await seconds(() => network.fetchBlob(shape, holders, AbortSignal.timeout(60_000)))));
  }
  return { blob: median(blob.slice(1)), raw: median(raw.slice(1)) };
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

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] as number;
}
