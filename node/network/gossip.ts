import { hash } from "node:crypto";
import {
  gossipsub,
  StrictNoSign,
  TopicValidatorResult,
  type GossipSub,
  type GossipSubComponents,
  type Message,
  type TopicValidatorFn,
} from "@libp2p/gossipsub";
import { createPeerScoreParams } from "@libp2p/gossipsub/score";
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

/** Topics of one peer; each costs gossipsub's fixed kilobyte and its name. */
export const MAX_TOPICS = 32;
const TOPIC_BYTES = 1024 + 128;

/** Lodestar's. Nothing waits for it in a small network: peers are grafted when they subscribe. */
const HEARTBEAT_MS = 700;

/**
 * Topics are followed and left while it runs. A peer's subscriptions are kept whether this side follows them yet or not, within
 * `MAX_TOPICS`; messages on topics that are not followed end in `TopicJudges`.
 * @param peerScore of the application: what it subtracts for rejected messages, by PeerId
 */
export function createGossip(peerScore: (peer: string) => number): (components: GossipSubComponents) => GossipSub {
  return gossipsub({
    // The application signs inside and checks once per message; libp2p's secp256k1 would cost 1.7 ms a hop.
    globalSignaturePolicy: StrictNoSign,
    msgIdFn: (message: Message) => hash("sha256", message.data, "buffer"),
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
    // Where no hole can be punched, the relay carries all there is.
    runOnLimitedConnection: true,
    maxInboundDataLength: 1024 * 1024,
    maxOutboundBufferSize: 4 * 1024 * 1024,
    maxTopicBytesPerPeer: MAX_TOPICS * TOPIC_BYTES,
    decodeRpcLimits: {
      maxSubscriptions: MAX_TOPICS,
      maxMessages: 256,
      maxIhaveMessageIDs: 1024,
      maxIwantMessageIDs: 1024,
      maxIdontwantMessageIDs: 1024,
      maxControlMessages: 64,
      maxPeerInfos: 0,
    },
    // Delivery quotas are of no use to a small federation: only rejected messages and misbehaviour count.
    scoreParams: createPeerScoreParams({
      // Simulations and one company's peers share an address; strangers are kept out by the registry.
      IPColocationFactorWeight: 0,
      appSpecificScore: peerScore,
      appSpecificWeight: 1,
    }),
    scoreThresholds: {
      gossipThreshold: -40,
      publishThreshold: -80,
      graylistThreshold: -160,
      acceptPXThreshold: 1000,
      opportunisticGraftThreshold: 1,
    },
  });
}

/** What judges the messages of each topic; gossipsub asks it by topic, also for those that are not followed. */
export class TopicJudges extends Map<string, TopicValidatorFn> {
  readonly #stray: TopicValidatorFn;

  /** @param stray judges what comes on a topic that is not followed */
  constructor(stray: TopicValidatorFn) {
    super();
    this.#stray = stray;
  }

  override get(topic: string): TopicValidatorFn {
    return super.get(topic) ?? this.#stray;
  }
}

/** @param onRejected told whom a rejected message is held against */
export function validateWith(
  judge: Judge,
  onRejected: (peer: PeerId) => void = () => undefined,
): (peer: PeerId, message: Message) => Promise<TopicValidatorResult> {
  return async (peer, { data }) => {
    const copy = data[0] ?? MAX_COPIES;
    const isWellFormed = copy < MAX_COPIES && data.length <= MAX_MESSAGE_BYTES + COPY_BYTES;
    const verdict = isWellFormed ? await judge.judge(data.subarray(COPY_BYTES), operatorOf(peer)) : "rejected";
    if (verdict === "rejected") onRejected(peer);
    return RESULTS[verdict];
  };
}

export function encodeCopy(message: Uint8Array, copy: number): Uint8Array {
  const wire = new Uint8Array(COPY_BYTES + message.length);
  wire[0] = copy;
  wire.set(message, COPY_BYTES);
  return wire;
}
