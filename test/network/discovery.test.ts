import { identify } from "@libp2p/identify";
import type { Libp2p, Stream } from "@libp2p/interface";
import { noise } from "@libp2p/noise";
import { peerIdFromPrivateKey } from "@libp2p/peer-id";
import { PeerRecord, RecordEnvelope } from "@libp2p/peer-record";
import { tcp } from "@libp2p/tcp";
import { yamux } from "@libp2p/yamux";
import { multiaddr } from "@multiformats/multiaddr";
import { expect } from "chai";
import { createLibp2p } from "libp2p";
import { afterEach, beforeEach, describe, it } from "mocha";
import type { Address } from "../../node/core/bytes.ts";
import { addressOfPrivateKey } from "../../node/core/signature.ts";
import { createPeerStore } from "../../node/daemon/peers/keptPeers.ts";
import { libp2pKeyOf } from "../../node/network/identity.ts";
import { encodeAnswer, encodeQuestion, PEERS_PROTOCOL } from "../../node/network/peers/frames.ts";
import { createMemoryStorage } from "../../node/storage/memory.ts";
import { until } from "../helpers/until.ts";
import { keyOf, World, type WorldPeer } from "./world.ts";

const operatorOf = (key: number): Address => addressOfPrivateKey(keyOf(key));

/** Asks until something is found. */
async function found(peer: WorldPeer, operator: Address): Promise<readonly string[]> {
  for (;;) {
    const addresses = (await peer.network.locate([operator])).get(operator);
    if (addresses !== undefined) return addresses;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe("finding peers", function () {
  this.timeout(20_000);
  let world: World;
  beforeEach(() => (world = new World()));
  afterEach(() => world.stop());

  it("needs one bootstrap peer, which knows the others", async () => {
    const first = await world.join(1);
    const second = await world.join(2, { bootstrap: first.network.contacts() });
    const third = await world.join(3, {}, { bootstrap: first.network.contacts() });
    await until(() => first.network.peers().length === 2);
    const contacts = await found(third, second.network.self);
    expect(contacts).to.deep.equal(second.network.contacts());
    await third.network.connect(contacts);
  });

  it("comes back to a bootstrap peer that was away", async () => {
    const first = await world.join(1);
    const [address = ""] = first.network.contacts();
    const second = await world.join(2, { bootstrap: [address] });
    await until(() => second.network.peers().length === 1);
    await first.host.stop();
    await until(() => second.network.peers().length === 0);
    await world.join(1, { listen: [address.replace(/\/p2p\/.*/, "")] });
    await until(() => second.network.peers().length === 1);
  });

  it("needs neither registry nor bootstrap after a restart", async () => {
    const storage = createMemoryStorage();
    const other = await world.join(1);
    const dialled = await world.join(3, { listen: ["/ip4/127.0.0.1/tcp/0"] });
    const before = await world.join(2, { peerStore: createPeerStore(storage) });
    await before.network.connect(other.network.contacts());
    await dialled.network.connect(before.network.contacts());
    await until(() => storage.entries("peer").every(([, value]) => "record" in (value as object)));
    await before.host.stop();
    const after = await world.join(2, { peerStore: createPeerStore(storage) });
    const located = await after.network.locate([other.network.self, dialled.network.self]);
    expect(located.size).to.equal(2);
    for (const contacts of located.values()) await after.network.connect(contacts);
    expect(after.network.peers()).to.have.length(2);
  });

  describe("by asking one that lies", () => {
    let liar: Libp2p;
    let victim: WorldPeer;
    let answer: Uint8Array;
    let asked: number;

    beforeEach(async () => {
      asked = 0;
      victim = await world.join(1);
      liar = await createLibp2p({
        privateKey: libp2pKeyOf(keyOf(2)),
        transports: [tcp()],
        connectionEncrypters: [noise()],
        streamMuxers: [yamux()],
        connectionGater: { denyDialMultiaddr: () => false },
        services: { identify: identify() },
      });
      await liar.handle(PEERS_PROTOCOL, async (stream: Stream) => {
        asked++;
        stream.send(answer);
        await stream.close();
      });
      await liar.dial(multiaddr(victim.network.contacts()[0]));
      await until(() => victim.host.connected().length === 1);
    });
    afterEach(() => liar.stop());

    /** @param of who is said to be there */
    const record = async (signer: number, of = signer, sequence = 1): Promise<Uint8Array> => {
      const peerId = peerIdFromPrivateKey(libp2pKeyOf(keyOf(of)));
      const multiaddrs = [multiaddr("/ip4/127.0.0.1/tcp/4001")];
      const record = new PeerRecord({ peerId, multiaddrs, seqNumber: BigInt(sequence) });
      return (await RecordEnvelope.seal(record, libp2pKeyOf(keyOf(signer)))).marshal();
    };
    const lies: Record<string, () => Promise<Uint8Array>> = {
      "with a record that another key signed": async () => encodeAnswer([await record(2, 3)]),
      "with a record that nobody asked for": async () => encodeAnswer([await record(4)]),
      "with noise": async () => new Uint8Array(500).fill(200),
      "with more than it may": async () => new Uint8Array(100_000),
      "with a record of the wrong kind": async () => encodeAnswer([new Uint8Array(80).fill(3)]),
    };
    for (const [how, make] of Object.entries(lies)) {
      it(`hangs up on it: ${how}`, async () => {
        answer = await make();
        expect((await victim.network.locate([operatorOf(3)])).size).to.equal(0);
        await until(() => liar.getConnections().length === 0);
        expect(asked).to.equal(1);
      });
    }

    it("keeps what it knew where it tells what is older", async () => {
      const third = await world.join(3);
      await third.network.connect(victim.network.contacts());
      await until(() => victim.network.peers().length === 1);
      const known = await found(victim, third.network.self);
      await third.host.stop();
      await until(() => !victim.host.connected().includes(third.network.self));
      await victim.network.connect(known).catch(() => undefined);
      await victim.network.connect(known).catch(() => undefined);
      answer = encodeAnswer([await record(3)]);
      expect((await victim.network.locate([third.network.self])).get(third.network.self)).to.deep.equal(known);
      expect(asked).to.equal(1);
    });

    it("asks again only after a while", async () => {
      answer = encodeAnswer([]);
      for (let i = 0; i < 5; i++) await victim.network.locate([operatorOf(3)]);
      expect(asked).to.equal(1);
    });

    it("answers so many questions only, and hangs up on nonsense", async () => {
      const [connection] = liar.getConnections();
      const ask = async (question: Uint8Array): Promise<boolean> => {
        const stream = await connection!.newStream(PEERS_PROTOCOL);
        let answered = false;
        stream.addEventListener("message", () => (answered = true));
        const closed = new Promise((resolve) => stream.addEventListener("close", resolve));
        stream.send(question);
        await stream.close().catch(() => undefined);
        await closed;
        return answered;
      };
      let answers = 0;
      for (let i = 0; i < 20; i++) if (await ask(encodeQuestion([operatorOf(3)])).catch(() => false)) answers++;
      expect(answers).to.be.within(15, 18);
      expect(liar.getConnections()).to.have.length(1);
      await world.stop();
    });
  });
});
