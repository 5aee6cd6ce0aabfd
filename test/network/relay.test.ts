import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import type { Hex } from "../../node/core/bytes.ts";
import { randomBlob } from "../helpers/blobs.ts";
import { rejectionOf } from "../helpers/errors.ts";
import { until } from "../helpers/until.ts";
import { bytesOf, World, type WorldPeer } from "./world.ts";

const NEVER = new AbortController().signal;
const isRelayed = (contact: string): boolean => contact.includes("/p2p-circuit/");

describe("a peer that cannot be dialled", function () {
  this.timeout(30_000);
  let world: World;
  beforeEach(() => (world = new World()));
  afterEach(() => world.stop());

  const { bytes, shape } = randomBlob(9_000, 256, 1);
  const blobs = { readBlob: async (root: Hex) => (root === shape.root ? bytes : undefined) };
  /** Listens nowhere. */
  const hidden = async (key: number, relays: readonly string[] | "any"): Promise<WorldPeer> =>
    world.join(key, { listen: [], relays }, { blobs });
  const reserved = (peer: WorldPeer): Promise<void> => until(() => peer.network.contacts().some(isRelayed));

  it("is reached through the relay that it was told, for messages and blobs", async () => {
    const relay = await world.join(1, { relayOthers: true });
    const target = await hidden(2, relay.network.contacts());
    await reserved(target);
    const other = await world.join(3);
    await other.network.connect(target.network.contacts());
    await other.network.publish(bytesOf("to the hidden"));
    await target.network.publish(bytesOf("from the hidden"));
    await until(() => target.received.length === 1 && other.received.length === 1);
    const got = await other.network.fetchBlob(shape, [target.network.self], NEVER);
    expect(Buffer.compare(got, bytes)).to.equal(0);
    expect(other.network.peers()).to.include(target.network.self);
  });

  it("reserves with a relay that it finds, where it may be any, and again when the relay has restarted", async () => {
    const relay = await world.join(1, { relayOthers: true });
    const target = await hidden(2, "any");
    const [address = ""] = relay.network.contacts();
    await target.network.connect([address]);
    await reserved(target);
    await relay.host.stop();
    await until(() => target.network.contacts().length === 0);
    const again = await world.join(1, { relayOthers: true, listen: [address.replace(/\/p2p\/.*/, "")] });
    await target.network.connect(again.network.contacts());
    await reserved(target);
  });

  it("comes back to a relay that it was told, when that has been away", async () => {
    const relay = await world.join(1, { relayOthers: true });
    const [address = ""] = relay.network.contacts();
    const target = await hidden(2, [address]);
    await reserved(target);
    await relay.host.stop();
    await until(() => target.network.contacts().length === 0);
    await world.join(1, { relayOthers: true, listen: [address.replace(/\/p2p\/.*/, "")] });
    await reserved(target);
  });

  it("is not relayed by a peer that does not relay others", async () => {
    const peer = await world.join(1);
    const target = await hidden(2, peer.network.contacts());
    await until(() => target.host.connected().length === 1);
    const other = await world.join(3);
    const [address = ""] = peer.network.contacts();
    const contact = `${address}/p2p-circuit/p2p/${peerOf(target)}`;
    expect(await rejectionOf(other.network.connect([contact]))).to.equal("timeout");
    expect(target.network.contacts()).to.deep.equal([]);
  });

  it("is not relayed to, or for, an operator that is refused", async () => {
    const relay = await world.join(1, { relayOthers: true });
    const target = await hidden(2, relay.network.contacts());
    await reserved(target);
    const stranger = await world.join(3);
    world.unregistered.add(stranger.network.self);
    expect(await rejectionOf(stranger.network.connect(target.network.contacts()))).to.equal("timeout");
    expect(target.host.connected()).to.deep.equal([relay.network.self]);
    relay.network.setFormer([target.network.self]);
    await until(() => target.network.contacts().length === 0);
  });
});

function peerOf({ host }: WorldPeer): string {
  return (host as unknown as { node: { peerId: { toString(): string } } }).node.peerId.toString();
}
