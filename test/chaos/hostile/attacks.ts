import type { Stream } from "@libp2p/interface";
import { randomBytes } from "node:crypto";
import {
  BLOB_PROTOCOL,
  encodeRequest,
  encodeResponseHeader,
  NOT_HELD,
  RequestDecoder,
} from "../../../node/network/blobs/frames.ts";
import { chunkLength } from "../../../node/core/chunks.ts";
import { MAX_MESSAGE_BYTES } from "../../../node/network/network.ts";
import type { AttackerNode } from "./attacker.ts";

/** Begins; what it returns ends it. */
export type Attack = (attacker: AttackerNode, vectorLength: number) => Promise<() => Promise<void>>;

/** Serves blobs this way from now on. @param answer to one request for a chunk of so many bytes */
async function serveAs(
  { node }: AttackerNode,
  vectorLength: number,
  answer: (stream: Stream, id: number, index: number, length: number) => void,
): Promise<void> {
  await node.unhandle(BLOB_PROTOCOL);
  await node.handle(BLOB_PROTOCOL, (stream) => {
    const decoder = new RequestDecoder();
    stream.addEventListener("message", ({ data }) => {
      for (const { id, request } of decoder.feed(data.subarray())) {
        const blobBytes = Math.ceil(vectorLength / 128) * request.leafBytes;
        if (stream.status === "open") answer(stream, id, request.index, chunkLength(blobBytes, request.index));
      }
    });
  });
  // Streams that are open already go on as they did: their connections begin anew.
  for (const connection of node.getConnections()) connection.abort(new Error("comes back another way"));
}

const nothing = (): Promise<void> => Promise.resolve();

/** Announces a chunk, sends half of it, and nothing more. */
export const stallMidChunk: Attack = async (attacker, vectorLength) => {
  await serveAs(attacker, vectorLength, (stream, id, index, length) => {
    stream.send(encodeResponseHeader({ id, index, length }));
    stream.send(new Uint8Array(length >> 1));
  });
  return nothing;
};

/** Sends what has the right length and nothing else right. */
export const wrongBytes: Attack = async (attacker, vectorLength) => {
  await serveAs(attacker, vectorLength, (stream, id, index, length) => {
    stream.send(encodeResponseHeader({ id, index, length }));
    stream.send(new Uint8Array(randomBytes(length)));
  });
  return nothing;
};

/** A chunk that was asked for by nobody, of four gigabytes less two. */
const HUGE = encodeResponseHeader({ id: 0, index: 0, length: NOT_HELD - 1 });
const PAUSE_MS = 50;

/** Answers with frames that no honest peer writes, and sends malformed ones on streams and on gossip of its own. */
export const badFrames: Attack = async (attacker, vectorLength) => {
  await serveAs(attacker, vectorLength, (stream) => stream.send(HUGE));
  return repeatedly(attacker, async (round) => {
    const noise = new Uint8Array(randomBytes(1 + (round % 3) * MAX_MESSAGE_BYTES));
    const cut = attacker.heard.at(-1)?.slice(0, -1 - (round % 40));
    for (const message of [noise, new TextEncoder().encode('{"body":{"type":"Commit"'), cut ?? noise]) {
      await gossip(attacker, message, round);
    }
    await onStreams(attacker, (stream) => {
      stream.send(new Uint8Array(randomBytes(200)));
      stream.send(HUGE);
    });
  });
};

const MESSAGES_A_ROUND = 100;

/** Well-formed messages and requests, more than anybody could want. */
export const flood: Attack = (attacker) =>
  repeatedly(attacker, async (round) => {
    const own = attacker.heard.at(-1 - (round % 5));
    for (let copy = 0; copy < MESSAGES_A_ROUND; copy++) {
      const text = own === undefined ? "{}" : new TextDecoder().decode(own);
      // Another attempt is another message, signed like the first.
      await gossip(
        attacker,
        new TextEncoder().encode(text.replace(/"attempt":\d+/, `"attempt":${round * 1000 + copy}`)),
        0,
      );
    }
    await onStreams(attacker, (stream) => {
      for (let id = 0; id < 64; id++) {
        const root = `0x${randomBytes(32).toString("hex")}` as const;
        stream.send(encodeRequest(id, { kind: "chunk", root, leafBytes: 256, index: 0 }));
      }
    });
  });

/** Everything that anybody has said in this round and in those before, once more and again. */
export const replay: Attack = (attacker) =>
  repeatedly(attacker, async (round) => {
    for (const message of attacker.heard.slice(-300)) await gossip(attacker, message, round);
  });

/** Does `work` with a short breath in between, until it is stopped; what is refused is tried again. */
async function repeatedly(
  { node }: AttackerNode,
  work: (round: number) => Promise<void>,
): Promise<() => Promise<void>> {
  let stopped = false;
  const loop = async (): Promise<void> => {
    for (let round = 0; !stopped && node.status === "started"; round++) {
      await work(round).catch(() => undefined); // the others hung up: they come back
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  };
  const done = loop();
  return async () => {
    stopped = true;
    await done;
  };
}

/** Straight to the topic, past the checks that our own side has. */
async function gossip({ node, topic }: AttackerNode, message: Uint8Array, copy: number): Promise<void> {
  const wire = new Uint8Array(1 + message.length);
  wire[0] = copy % 256;
  wire.set(message, 1);
  await node.services.gossip.publish(topic, wire).catch(() => undefined); // larger than its own limits allow
}

/** A fresh blob stream to every peer. */
async function onStreams({ node }: AttackerNode, use: (stream: Stream) => void): Promise<void> {
  await Promise.allSettled(
    node.getConnections().map(async (connection) => {
      const stream = await connection.newStream(BLOB_PROTOCOL, { signal: AbortSignal.timeout(2_000) });
      use(stream);
      setTimeout(() => stream.abort(new Error("enough")), PAUSE_MS);
    }),
  );
}
