import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { createServer } from "node:net";
import type { Hex } from "../../node/core/bytes.ts";
import { randomBlob } from "../helpers/blobs.ts";
import { rejectionOf } from "../helpers/errors.ts";
import { until } from "../helpers/until.ts";
import { bytesOf, World } from "./world.ts";

const NEVER = new AbortController().signal;

/** Whether this machine can listen on an address. */
function canListen(host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(0, host, () => server.close(() => resolve(true)));
  });
}

const hasIPv6 = await canListen("::1");
const QUIC: string = "@chainsafe/libp2p-quic";
const hasQuic = await import(QUIC).then(
  () => true,
  () => false,
);

describe("transports of a libp2p host", function () {
  this.timeout(20_000);
  let world: World;
  beforeEach(() => (world = new World()));
  afterEach(() => world.stop());

  const transports: Record<string, readonly string[]> = {
    WebSockets: ["/ip4/127.0.0.1/tcp/0/ws"],
    "TCP over IPv6": ["/ip6/::1/tcp/0"],
    "WebSockets over IPv6": ["/ip6/::1/tcp/0/ws"],
    QUIC: ["/ip4/127.0.0.1/udp/0/quic-v1"],
  };
  for (const [name, listen] of Object.entries(transports)) {
    if (name.includes("IPv6") && !hasIPv6) {
      it.skip(`carry messages and blobs over ${name}: this machine has no IPv6 loopback address`);
      continue;
    }
    if (name === "QUIC" && !hasQuic) {
      it("say what to install where QUIC is asked for and its package is missing", async () => {
        expect(await rejectionOf(world.join(1, { listen }))).to.equal("unsupported");
      });
      continue;
    }
    it(`carry messages and blobs, and refuse strangers, over ${name}`, async () => {
      const { bytes, shape } = randomBlob(4113, 256, 1);
      const blobs = { readBlob: async (root: Hex) => (root === shape.root ? bytes : undefined) };
      const a = await world.join(1, { listen }, { blobs });
      const b = await world.join(2, { listen: [] });
      const stranger = await world.join(3, { listen: [] });
      world.unregistered.add(stranger.network.self);
      await b.network.connect(a.network.contacts());
      await a.network.publish(bytesOf("over"));
      await until(() => b.received.length === 1);
      const got = await b.network.fetchBlob(shape, [a.network.self], NEVER);
      expect(Buffer.compare(got, bytes)).to.equal(0);
      expect(await rejectionOf(stranger.network.connect(a.network.contacts()))).to.equal("not-registered");
      if (name === "QUIC") return; // its packets are counted by the kernel only
      expect(a.network.counters().bytesSent).to.be.above(bytes.length);
      expect(b.network.counters().bytesReceived).to.be.above(bytes.length);
    });
  }

  it("are tried one after another: TCP where the WebSocket's port is closed", async () => {
    const a = await world.join(1);
    const b = await world.join(2, { listen: [] });
    const [contact = ""] = a.network.contacts();
    await b.network.connect([contact.replace(/\/tcp\/\d+/, "/tcp/1/ws"), contact]);
    expect(b.network.peers()).to.deep.equal([a.network.self]);
  });

  it("tell which address cannot be listened on", async () => {
    const [contact = ""] = (await world.join(1)).network.contacts();
    const taken = contact.replace(/\/p2p\/.*/, "");
    expect(await rejectionOf(world.join(2, { listen: ["/ip4/127.0.0.1/tcp/0", taken] }))).to.equal("bad-input");
    expect(await rejectionOf(world.join(2, { listen: ["/ip4/127.0.0.1/sctp/0"] }))).to.equal("bad-input");
  });

  it("say what was announced instead of what is listened on", async () => {
    const a = await world.join(1, { announce: ["/dns4/clinic.example/tcp/4001"] });
    expect(a.network.contacts()).to.have.length(1);
    expect(a.network.contacts()[0]).to.match(/^\/dns4\/clinic\.example\/tcp\/4001\/p2p\//);
  });
});
