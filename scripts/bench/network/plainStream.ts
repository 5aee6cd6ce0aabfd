import type { ConnectionGater } from "@libp2p/interface";
import { multiaddr } from "@multiformats/multiaddr";
import { CHUNK_BYTES } from "../../../node/core/chunks.ts";
import { pipeOver, type PipeEvents } from "../../../node/network/blobs/pipe.ts";
import { createNode } from "../../../node/network/node.ts";
import type { GossipNode } from "../../../node/network/readiness.ts";

/** A stream of libp2p with nothing of ours on it: what noise and yamux alone let through, set as for a daemon. */

const PROTOCOL = "/paceline/bench/1";
const LOW_MARK_BYTES = 256 * 1024;
const openToAll: ConnectionGater = {};

async function openNode(privateKey: Uint8Array): Promise<GossipNode> {
  const options = { privateKey, chunkTimeoutMs: 60_000, listen: ["/ip4/127.0.0.1/tcp/0"] };
  const { node } = await createNode(options, openToAll, () => 0);
  await node.start();
  return node;
}

/** Sends `bytes` to whoever opens a stream, and ends it. @returns where */
export async function servePlainStream(bytes: Uint8Array): Promise<string> {
  const node = await openNode(new Uint8Array(32).fill(3));
  await node.handle(PROTOCOL, async (stream) => {
    const pipe = pipeOver(stream, { onData: () => undefined, onClose: () => undefined });
    for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
      pipe.send(bytes.subarray(at, at + CHUNK_BYTES));
      await pipe.drained(LOW_MARK_BYTES);
    }
  });
  return String(node.getMultiaddrs()[0]);
}

/** Opens streams to one address. */
export interface PlainReceiver {
  /** Takes so many bytes over a new stream. */
  receive(bytes: number): Promise<void>;
  stop(): Promise<void>;
}

export async function openPlainReceiver(address: string): Promise<PlainReceiver> {
  const node = await openNode(new Uint8Array(32).fill(4));
  return {
    async receive(bytes) {
      const stream = await node.dialProtocol(multiaddr(address), PROTOCOL);
      await new Promise<void>((resolve, reject) => {
        let missing = bytes;
        const events: PipeEvents = {
          onData: (piece) => void ((missing -= piece.length) === 0 && resolve()),
          onClose: () => reject(new Error("the stream closed early")),
        };
        pipeOver(stream, events);
      });
      stream.abort(new Error("done"));
    },
    stop: async () => node.stop(),
  };
}
