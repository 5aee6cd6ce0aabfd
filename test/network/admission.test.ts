import { gossipsub, StrictNoSign, type GossipSub } from "@libp2p/gossipsub";
import { identify } from "@libp2p/identify";
import type { Libp2p } from "@libp2p/interface";
import { noise, type NoiseComponents } from "@libp2p/noise";
import { tcp } from "@libp2p/tcp";
import { yamux } from "@libp2p/yamux";
import { multiaddr } from "@multiformats/multiaddr";
import { expect } from "chai";
import { createLibp2p } from "libp2p";
import { afterEach, beforeEach, describe, it } from "mocha";
import type { Address, Hex } from "../../node/core/bytes.ts";
import { BLOB_PROTOCOL, encodeRequest, RESPONSE_HEADER_BYTES } from "../../node/network/blobs/frames.ts";
import { encodeCopy } from "../../node/network/gossip.ts";
import { libp2pKeyOf, operatorOf } from "../../node/network/identity.ts";
import { PEERS_PROTOCOL } from "../../node/network/peers/frames.ts";
import { randomBlob } from "../helpers/blobs.ts";
import { until } from "../helpers/until.ts";
import { bytesOf, keyOf, World, type WorldPeer } from "./world.ts";

const TOPIC = "paceline/test";

/**
 * A peer that follows no rules but gossipsub's.
 * @param afterNoise what it waits for when both sides know each other, before it goes on with the handshake
 */
async function openRaw(key: number, afterNoise?: () => Promise<void>): Promise<Libp2p<{ gossip: GossipSub }>> {
  return createLibp2p({
    privateKey: libp2pKeyOf(keyOf(key)),
    transports: [tcp()],
    connectionEncrypters: [afterNoise === undefined ? noise() : haltingNoise(afterNoise)],
    streamMuxers: [yamux()],
    connectionGater: { denyDialMultiaddr: () => false },
    services: {
      identify: identify(),
      gossip: gossipsub({ globalSignaturePolicy: StrictNoSign, allowPublishToZeroTopicPeers: true, emitSelf: false }),
    },
  });
}

/** Leaves the choice of a muxer to a step after the handshake that shows who is there. */
function haltingNoise(afterNoise: () => Promise<void>): ReturnType<typeof noise> {
  return ({ privateKey, peerId, logger }) => {
    const upgrader = { getStreamMuxers: () => new Map() } as unknown as NoiseComponents["upgrader"];
    const encrypter = noise()({ privateKey, peerId, logger, upgrader });
    const secure = encrypter.secureOutbound.bind(encrypter);
    encrypter.secureOutbound = async (connection, options) => {
      const secured = await secure(connection, { ...options, skipStreamMuxerNegotiation: true });
      try {
        await afterNoise();
      } catch (error) {
        connection.abort(error as Error);
        throw error;
      }
      return secured;
    };
    return encrypter;
  };
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

  it("takes a stranger for one also when it finishes a second connection after its first has closed", async () => {
    let asked = 0;
    let goOn = (): void => undefined;
    let halt = Promise.resolve();
    await raw.stop();
    raw = await openRaw(9, () => halt);
    // Without an answer that is remembered, each handshake shows in a question.
    const isRegistered = async (): Promise<boolean> => {
      asked++;
      throw new Error("no endpoint");
    };
    const open = await world.join(1, {}, { isRegistered, servesStrangers: true });
    await open.host.follow({
      topic: "another",
      isRegistered: async () => false,
      onMessage: async () => "accepted",
      blobs,
      maxBlobBytes: 1e6,
    });
    await connect(open);
    const before = asked;
    halt = new Promise((resolve) => (goOn = resolve));
    const second = raw.dial(multiaddr(open.network.contacts()[0]), { force: true });
    await until(() => asked > before);
    await raw.getConnections()[0]!.close();
    await until(() => open.host.connected().length === 0);
    goOn();
    await second;
    await until(() => open.host.connected().length === 1);
    expect(await fetchedBytes()).to.equal(0);
  });

  it("has room for strangers after handshakes that were broken off", async () => {
    const asked = new Set<Address>();
    const isRegistered = async (operator: Address): Promise<boolean> => (asked.add(operator), false);
    const open = await world.join(1, {}, { isRegistered, servesStrangers: true });
    const address = multiaddr(open.network.contacts()[0]);
    const breakOff = async (key: number): Promise<void> => {
      const quitter: Libp2p = await openRaw(key, async () => {
        await until(() => asked.has(operatorOf(quitter.peerId)));
        throw new Error("broken off");
      });
      await quitter.dial(address).catch(() => undefined);
      await quitter.stop();
    };
    for (let key = 10; key < 42; key++) await breakOff(key);
    expect(asked).to.have.length(32);
    await connect(open);
  });

  it("is asked of registries 64 times at once where they never knew the operators, however many jobs there are", async () => {
    let asked = 0;
    let mayCome = false;
    const isRegistered = async (): Promise<boolean> => (asked++, mayCome);
    const peer = await world.join(1, { now: () => 0 }, { isRegistered });
    for (let i = 1; i < 15; i++)
      await peer.host.follow({
        topic: `job ${i}`,
        isRegistered,
        onMessage: async () => "accepted",
        blobs,
        maxBlobBytes: 1e6,
      });
    const address = multiaddr(peer.network.contacts()[0]);
    for (let key = 10; key < 16; key++) {
      const fresh = await openRaw(key);
      const connection = await fresh.dial(address).catch(() => undefined);
      await until(() => connection?.status !== "open");
      await fresh.stop();
    }
    expect(asked).to.equal(64);
    mayCome = true;
    const member = await world.join(2);
    await peer.network.connect(member.network.contacts()); // whom it dials itself is no matter of theirs
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
