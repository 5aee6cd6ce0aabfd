import { generateKeyPair } from "@libp2p/crypto/keys";
import { identify } from "@libp2p/identify";
import type { Libp2p, PrivateKey, Stream } from "@libp2p/interface";
import { noise } from "@libp2p/noise";
import { tcp } from "@libp2p/tcp";
import { yamux } from "@libp2p/yamux";
import { multiaddr } from "@multiformats/multiaddr";
import { expect } from "chai";
import { createLibp2p } from "libp2p";
import { afterEach, beforeEach, describe, it } from "mocha";
import type { Address } from "../../node/core/bytes.ts";
import {
  BLOB_PROTOCOL,
  encodeRequest,
  encodeResponseHeader,
  NOT_HELD,
  REQUEST_BYTES,
  RESPONSE_HEADER_BYTES,
} from "../../node/network/blobs/frames.ts";
import { libp2pKeyOf, operatorOf } from "../../node/network/identity.ts";
import { followAlone } from "../../node/network/followAlone.ts";
import { createLibp2pHost } from "../../node/network/libp2p.ts";
import type { Network } from "../../node/network/network.ts";
import { randomBlob } from "../helpers/blobs.ts";
import { rejectionOf } from "../helpers/errors.ts";
import { until } from "../helpers/until.ts";

const NEVER = new AbortController().signal;
const { bytes, shape } = randomBlob(8, 256, 1);

/** What a hostile holder does when it has been asked; `send` writes to the stream. */
const violations: Record<string, (send: (data: Uint8Array) => void) => void> = {
  "answers another request": (send) => send(encodeResponseHeader({ id: 77, index: 0, length: bytes.length })),
  "answers another chunk": (send) => send(encodeResponseHeader({ id: 0, index: 1, length: bytes.length })),
  "announces more than was asked for": (send) =>
    send(encodeResponseHeader({ id: 0, index: 0, length: bytes.length + 1 })),
  "announces four gigabytes": (send) => send(encodeResponseHeader({ id: 0, index: 0, length: NOT_HELD - 1 })),
  "announces less than was asked for": (send) => send(encodeResponseHeader({ id: 0, index: 0, length: 0 })),
  "sends noise": (send) => send(new Uint8Array(1000).fill(0xee)),
};

describe("a libp2p network among hostile peers", function () {
  this.timeout(20_000);
  let network: Network;
  let raw: Libp2p;
  let registered: boolean;

  beforeEach(async () => {
    registered = true;
    const host = await createLibp2pHost({
      privateKey: new Uint8Array(32).fill(1),
      listen: ["/ip4/127.0.0.1/tcp/0"],
      chunkTimeoutMs: 5_000,
    });
    network = await followAlone(host, {
      topic: "paceline/test",
      isRegistered: async () => registered,
      onMessage: async () => "accepted",
      blobs: { readBlob: async (root) => (root === shape.root ? bytes : undefined) },
      maxBlobBytes: 1e6,
    });
  });
  afterEach(() => Promise.all([network.stop(), raw.stop()]));

  const startRaw = async (privateKey: PrivateKey = libp2pKeyOf(new Uint8Array(32).fill(2))): Promise<void> => {
    raw = await createLibp2p({
      privateKey,
      addresses: { listen: ["/ip4/127.0.0.1/tcp/0"] },
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
      connectionGater: { denyDialMultiaddr: () => false },
      services: { identify: identify() },
    });
  };
  const dial = () => raw.dial(multiaddr(network.contacts()[0]), { signal: AbortSignal.timeout(5_000) });
  const rawOperator = (): Address => operatorOf(raw.peerId);
  /** Dials, and waits until the other side has admitted us: dial() resolves before. */
  const connect = async (): Promise<void> => {
    const stream = await (await dial()).newStream(BLOB_PROTOCOL);
    stream.abort(new Error("only to see that it opens"));
  };
  /** Connects a holder that does `act` once it has been asked for something. */
  const connectHolder = async (act: (stream: Stream) => void): Promise<void> => {
    await startRaw();
    await raw.handle(BLOB_PROTOCOL, (stream) => stream.addEventListener("message", () => act(stream)));
    await connect();
  };
  /** Opens a blob stream to the network and sends it these bytes. */
  const request = async (...frames: readonly Uint8Array[]): Promise<Stream> => {
    await startRaw();
    const stream = await (await dial()).newStream(BLOB_PROTOCOL);
    for (const frame of frames) stream.send(frame);
    return stream;
  };

  for (const [what, act] of Object.entries(violations)) {
    it(`hangs up on a holder that ${what}`, async () => {
      await connectHolder((stream) => act((data) => stream.send(data)));
      expect(await rejectionOf(network.fetchBlob(shape, [rawOperator()], NEVER))).to.equal("bad-blob");
      await until(() => raw.getConnections().length === 0);
    });
  }

  it("hangs up on a holder that goes on after its answer", async () => {
    await connectHolder((stream) => {
      stream.send(encodeResponseHeader({ id: 0, index: 0, length: bytes.length }));
      stream.send(bytes);
      stream.send(new Uint8Array(RESPONSE_HEADER_BYTES).fill(1));
    });
    expect(await network.fetchBlob(shape, [rawOperator()], NEVER)).to.have.length(bytes.length);
    await until(() => raw.getConnections().length === 0);
  });

  it("gives up on a holder that closes or resets the stream, twice", async () => {
    let asked = 0;
    await connectHolder((stream) => (asked++ === 0 ? void stream.close() : stream.abort(new Error("no"))));
    expect(await rejectionOf(network.fetchBlob(shape, [rawOperator()], NEVER))).to.equal("timeout");
    expect(asked).to.equal(2);
  });

  it("gives up on a holder that does not speak the blob protocol", async () => {
    await startRaw();
    await connect();
    expect(await rejectionOf(network.fetchBlob(shape, [rawOperator()], NEVER))).to.equal("timeout");
  });

  it("hangs up on whoever sends malformed requests", async () => {
    await request(new Uint8Array(REQUEST_BYTES).fill(0xff));
    await until(() => raw.getConnections().length === 0);
  });

  it("hangs up on whoever asks for more at a time than it may", async () => {
    const many = Array.from({ length: 100 }, (_, id) =>
      encodeRequest(id, { kind: "chunk", root: shape.root, leafBytes: 256, index: 0 }),
    );
    await request(new Uint8Array(Buffer.concat(many)));
    await until(() => raw.getConnections().length === 0);
  });

  it("answers requests cut into single bytes, and what it does not hold with `not held`", async () => {
    const frames = [
      encodeRequest(5, { kind: "chunk", root: shape.root, leafBytes: 256, index: 0 }),
      encodeRequest(6, { kind: "chunk", root: shape.root, leafBytes: 256, index: 9 }),
    ];
    const stream = await request(...frames.flatMap((frame) => Array.from(frame, (byte) => Uint8Array.of(byte))));
    const received: Uint8Array[] = [];
    stream.addEventListener("message", ({ data }) => received.push(data.subarray()));
    const expected = Buffer.concat([
      encodeResponseHeader({ id: 5, index: 0, length: bytes.length }),
      bytes,
      encodeResponseHeader({ id: 6, index: 9, length: NOT_HELD }),
    ]);
    await until(() => Buffer.concat(received).length >= expected.length);
    expect(Buffer.compare(Buffer.concat(received), expected)).to.equal(0);
  });

  it("serves nothing to an operator that is not registered, whatever its own side permits", async () => {
    registered = false;
    await startRaw();
    const outcome = await dial()
      .then((connection) => connection.newStream(BLOB_PROTOCOL))
      .then(
        (stream) => stream.status,
        () => "refused",
      );
    expect(outcome).to.not.equal("open");
    await until(() => raw.getConnections().length === 0);
    expect(network.peers()).to.deep.equal([]);
  });

  it("refuses a peer whose key cannot be an operator's", async () => {
    await startRaw(await generateKeyPair("Ed25519"));
    const outcome = await dial()
      .then((connection) => connection.newStream(BLOB_PROTOCOL))
      .then(
        (stream) => stream.status,
        () => "refused",
      );
    expect(outcome).to.not.equal("open");
    await until(() => raw.getConnections().length === 0);
  });
});
