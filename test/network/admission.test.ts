import { gossipsub, StrictNoSign, type GossipSub } from "@libp2p/gossipsub";
import { identify } from "@libp2p/identify";
import type { Libp2p } from "@libp2p/interface";
import { noise } from "@libp2p/noise";
import { tcp } from "@libp2p/tcp";
import { yamux } from "@libp2p/yamux";
import { multiaddr } from "@multiformats/multiaddr";
import { expect } from "chai";
import { createLibp2p } from "libp2p";
import { afterEach, beforeEach, describe, it } from "mocha";
import type { Hex } from "../../node/core/bytes.ts";
import { BLOB_PROTOCOL, encodeRequest, RESPONSE_HEADER_BYTES } from "../../node/network/blobs/frames.ts";
import { encodeCopy } from "../../node/network/gossip.ts";
import { libp2pKeyOf, operatorOf } from "../../node/network/identity.ts";
import { PEERS_PROTOCOL } from "../../node/network/peers/frames.ts";
import { randomBlob } from "../helpers/blobs.ts";
import { until } from "../helpers/until.ts";
import { bytesOf, keyOf, World, type WorldPeer } from "./world.ts";

const TOPIC = "paceline/test";

/** A peer that follows no rules but gossipsub's. */
async function openRaw(key: number): Promise<Libp2p<{ gossip: GossipSub }>> {
  return createLibp2p({
    privateKey: libp2pKeyOf(keyOf(key)),
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionGater: { denyDialMultiaddr: () => false },
    services: {
      identify: identify(),
      gossip: gossipsub({ globalSignaturePolicy: StrictNoSign, allowPublishToZeroTopicPeers: true, emitSelf: false }),
    },
  });
}

describe("who may connect to a host", function () {
  this.timeout(20_000);
  const { bytes, shape } = randomBlob(5, 256, 1);
  const blobs = { readBlob: async (root: Hex) => (root === shape.root ? bytes : undefined) };
  let world: World;
  let raw: Libp2p<{ gossip: GossipSub }>;

  beforeEach(async () => {
    world = new World();
    raw = await openRaw(9);
  });
  afterEach(() => Promise.all([world.stop(), raw.stop()]));

  const connect = async (peer: WorldPeer): Promise<void> => {
    await raw.dial(multiaddr(peer.network.contacts()[0]), { signal: AbortSignal.timeout(5_000) });
    await until(() => peer.host.connected().includes(operatorOf(raw.peerId)));
  };
  const fetchedBytes = async (): Promise<number> => {
    const [connection] = raw.getConnections();
    const stream = await connection!.newStream(BLOB_PROTOCOL);
    let received = 0;
    stream.addEventListener("message", ({ data }) => (received += data.byteLength));
    stream.send(encodeRequest(0, { kind: "chunk", root: shape.root, leafBytes: shape.leafBytes, index: 0 }));
    await until(() => received >= RESPONSE_HEADER_BYTES);
    await until(() => received === RESPONSE_HEADER_BYTES || received === RESPONSE_HEADER_BYTES + bytes.length);
    return received - RESPONSE_HEADER_BYTES;
  };

  it("includes strangers where a job serves them: they get blobs, and neither hear nor say anything", async () => {
    world.unregistered.add(operatorOf(raw.peerId));
    const open = await world.join(1, {}, { blobs, servesStrangers: true });
    const member = await world.join(2);
    await member.network.connect(open.network.contacts());
    const heard: string[] = [];
    raw.services.gossip.addEventListener("message", ({ detail }) => heard.push(new TextDecoder().decode(detail.data)));
    raw.services.gossip.subscribe(TOPIC);
    await connect(open);
    await until(() => raw.services.gossip.getSubscribers(TOPIC).length === 1); // it knows where to publish
    const { recipients } = await raw.services.gossip.publish(TOPIC, encodeCopy(bytesOf("from a stranger"), 0));
    expect(recipients).to.have.length(1);
    expect(await fetchedBytes()).to.equal(bytes.length);
    await member.network.publish(bytesOf("members only"));
    await until(() => open.received.length === 1);
    expect([open.received, member.received, heard]).to.deep.equal([["members only"], [], []]);
    expect(open.network.peers()).to.deep.equal([member.network.self]);
    const stream = await raw.getConnections()[0]!.newStream(PEERS_PROTOCOL);
    await until(() => stream.status !== "open"); // it may not even ask about others
  });

  it("lets strangers have nothing of the host's other jobs", async () => {
    world.unregistered.add(operatorOf(raw.peerId));
    const open = await world.join(1, {}, { servesStrangers: true });
    await open.host.follow({
      topic: "another",
      isRegistered: async (operator) => !world.unregistered.has(operator),
      onMessage: async () => "accepted",
      blobs,
      maxBlobBytes: 1e6,
    });
    await connect(open);
    expect(await fetchedBytes()).to.equal(0);
  });

  it("leaves out a former member also where strangers are served", async () => {
    world.unregistered.add(operatorOf(raw.peerId));
    const open = await world.join(1, {}, { blobs, servesStrangers: true });
    await connect(open);
    open.network.setFormer([operatorOf(raw.peerId)]);
    await until(() => raw.getConnections().length === 0);
  });

  it("lets a member that the registry no longer knows go, and come back as a stranger", async () => {
    const open = await world.join(1, {}, { blobs, servesStrangers: true });
    raw.services.gossip.subscribe(TOPIC);
    await connect(open);
    await until(() => open.network.peers().length === 1);
    world.unregistered.add(operatorOf(raw.peerId));
    open.network.setFormer([]);
    await until(() => raw.getConnections().length === 0);
    await connect(open);
    expect(await fetchedBytes()).to.equal(bytes.length);
    expect(open.network.peers()).to.deep.equal([]);
  });

  it("lets one peer have four connections, and closes more", async () => {
    const peer = await world.join(1);
    const address = multiaddr(peer.network.contacts()[0]);
    for (let i = 0; i < 8; i++) await raw.dial(address, { force: true }).catch(() => undefined);
    await until(() => raw.getConnections().length === 4);
    expect(peer.host.connected()).to.deep.equal([operatorOf(raw.peerId)]);
  });

  it("ignores a member that sends messages of jobs that it never asked for, in the end wholly", async () => {
    const peer = await world.join(1);
    await connect(peer);
    raw.services.gossip.subscribe(TOPIC);
    await until(() => peer.network.peers().length === 1);
    const gossip = raw.services.gossip as GossipSub & { sendRpc(id: string, rpc: object): void };
    const [target] = gossip.getPeers();
    const say = (topic: string, text: string): void =>
      gossip.sendRpc(target!.toString(), {
        subscriptions: [],
        messages: [{ topic, data: encodeCopy(bytesOf(text), 0) }],
      });
    say(TOPIC, "welcome");
    await until(() => peer.received.length === 1);
    for (let i = 0; i < 6; i++) say(`job ${i}`, `spam ${i}`);
    // Gossipsub works a score out once a heartbeat.
    await new Promise((resolve) => setTimeout(resolve, 1_800));
    say(TOPIC, "too late");
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(peer.received).to.deep.equal(["welcome"]);
  });
});
