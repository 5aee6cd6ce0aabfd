import { hash } from "node:crypto";
import {
  gossipsub,
  StrictNoSign,
  TopicValidatorResult,
  type GossipSub,
  type GossipSubComponents,
  type Message,
} from "@libp2p/gossipsub";
import { createPeerScoreParams, createTopicScoreParams } from "@libp2p/gossipsub/score";
import type { PeerId } from "@libp2p/interface";
import { operatorOf } from "./identity.ts";
import type { Judge } from "./judge.ts";
import { MAX_MESSAGE_BYTES, type Verdict } from "./network.ts";

const RESULTS: Readonly<Record<Verdict, TopicValidatorResult>> = {
  accepted: TopicValidatorResult.Accept,
  ignored: TopicValidatorResult.Ignore,
  rejected: TopicValidatorResult.Reject,
};

/** A message on the wire is one byte, which copy of the message this is, and the message. */
const COPY_BYTES = 1;
/** Copies of one message that peers forward: an author may publish it again for those who joined later. */
export const MAX_COPIES = 8;

/** Lodestar's. Nothing waits for it in a small network: peers are grafted when they subscribe. */
const HEARTBEAT_MS = 700;

export function createGossip(topic: string): (components: GossipSubComponents) => GossipSub {
  return gossipsub({
    // The application signs inside and checks once per message; libp2p's secp256k1 would cost 1.7 ms a hop.
    globalSignaturePolicy: StrictNoSign,
    msgIdFn: (message: Message) => hash("sha256", message.data, "buffer"),
    allowedTopics: [topic],
    // An author's own message goes to all its peers at once, not only to its mesh.
    floodPublish: true,
    batchPublish: true,
    allowPublishToZeroTopicPeers: true,
    ignoreDuplicatePublishError: true,
    emitSelf: false,
    fallbackToFloodsub: false,
    doPX: false,
    // Half of Ethereum's mesh: in a federation the author reaches most peers itself, and every edge costs a copy of each message.
    D: 5,
    Dlo: 4,
    Dhi: 8,
    Dscore: 3,
    Dout: 2,
    heartbeatInterval: HEARTBEAT_MS,
    mcacheLength: 8,
    mcacheGossip: 5,
    maxInboundStreams: 2,
    maxOutboundStreams: 2,
    maxInboundDataLength: 1024 * 1024,
    maxOutboundBufferSize: 4 * 1024 * 1024,
    maxTopicBytesPerPeer: 16 * 1024,
    decodeRpcLimits: {
      maxSubscriptions: 16,
      maxMessages: 256,
      maxIhaveMessageIDs: 1024,
      maxIwantMessageIDs: 1024,
      maxIdontwantMessageIDs: 1024,
      maxControlMessages: 64,
      maxPeerInfos: 0,
    },
    scoreParams: scoreParams(topic),
    scoreThresholds: {
      gossipThreshold: -40,
      publishThreshold: -80,
      graylistThreshold: -160,
      acceptPXThreshold: 1000,
      opportunisticGraftThreshold: 1,
    },
  });
}

/** Only rejected messages and misbehaviour count: a small federation has no use for delivery quotas. */
function scoreParams(topic: string): ReturnType<typeof createPeerScoreParams> {
  return createPeerScoreParams({
    // Simulations and one company's peers share an address; strangers are kept out by the registry.
    IPColocationFactorWeight: 0,
    topics: {
      [topic]: createTopicScoreParams({
        topicWeight: 1,
        timeInMeshWeight: 0,
        firstMessageDeliveriesWeight: 0,
        meshMessageDeliveriesWeight: 0,
        meshFailurePenaltyWeight: 0,
        // Squared: the fourth rejected message within half a minute or so reaches the graylist.
        invalidMessageDeliveriesWeight: -10,
        invalidMessageDeliveriesDecay: 0.97,
      }),
    },
  });
}

export function validateWith(judge: Judge): (peer: PeerId, message: Message) => Promise<TopicValidatorResult> {
  return async (peer, { data }) => {
    const copy = data[0] ?? MAX_COPIES;
    if (copy >= MAX_COPIES || data.length > MAX_MESSAGE_BYTES + COPY_BYTES) return TopicValidatorResult.Reject;
    return RESULTS[await judge.judge(data.subarray(COPY_BYTES), operatorOf(peer))];
  };
}

export function encodeCopy(message: Uint8Array, copy: number): Uint8Array {
  const wire = new Uint8Array(COPY_BYTES + message.length);
  wire[0] = copy;
  wire.set(message, COPY_BYTES);
  return wire;
}
