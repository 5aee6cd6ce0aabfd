import { peerIdFromPrivateKey } from "@libp2p/peer-id";
import { PeerRecord, RecordEnvelope } from "@libp2p/peer-record";
import { multiaddr } from "@multiformats/multiaddr";
import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import type { Address } from "../../node/core/bytes.ts";
import { addressOfPrivateKey } from "../../node/core/signature.ts";
import { createPeerStore } from "../../node/daemon/peers/keptPeers.ts";
import { libp2pKeyOf } from "../../node/network/identity.ts";
import { PeerBook } from "../../node/network/peers/book.ts";
import {
  decodeAnswer,
  decodeQuestion,
  encodeAnswer,
  encodeQuestion,
  MAX_ASKED,
} from "../../node/network/peers/frames.ts";
import { MAX_RECORD_BYTES, openRecord, type SignedAddresses } from "../../node/network/peers/record.ts";
import { createMemoryStorage } from "../../node/storage/memory.ts";
import { codeOf, rejectionOf } from "../helpers/errors.ts";
import { keyOf } from "./world.ts";

const NOW = 1_900_000_000_000;
const DAY = 86_400_000;
const operatorOf = (key: number): Address => addressOfPrivateKey(keyOf(key));
const peerOf = (key: number): string => peerIdFromPrivateKey(libp2pKeyOf(keyOf(key))).toString();

/** @param of whose record it is, if not the signer's */
async function sign(
  key: number,
  sequence: number,
  addresses = ["/ip4/198.51.100.7/tcp/4001"],
  of = key,
): Promise<Uint8Array> {
  const record = new PeerRecord({
    peerId: peerIdFromPrivateKey(libp2pKeyOf(keyOf(of))),
    multiaddrs: addresses.map((address) => multiaddr(address)),
    seqNumber: BigInt(sequence),
  });
  return (await RecordEnvelope.seal(record, libp2pKeyOf(keyOf(key)))).marshal();
}
const signed = async (key: number, sequence: number, addresses?: string[]): Promise<SignedAddresses> =>
  openRecord(await sign(key, sequence, addresses));

describe("a signed peer record", () => {
  it("says where the operator of its key is", async () => {
    const { operator, sequence, addresses } = await signed(1, 7);
    expect([operator, sequence]).to.deep.equal([operatorOf(1), 7n]);
    expect(addresses).to.deep.equal([`/ip4/198.51.100.7/tcp/4001/p2p/${peerOf(1)}`]);
  });

  it("is refused where another key signed it, a byte was changed, or it is too long", async () => {
    expect(await rejectionOf(openRecord(await sign(1, 7, undefined, 2)))).to.equal("bad-message");
    const many = Array.from({ length: 400 }, (_, i) => `/ip4/198.51.100.7/tcp/${i + 1}`);
    expect(await rejectionOf(openRecord(await sign(1, 7, many)))).to.equal("bad-message");
    expect(await rejectionOf(openRecord(new Uint8Array(0)))).to.equal("bad-message");
    const envelope = await sign(1, 7);
    await fc.assert(
      fc.asyncProperty(fc.nat(envelope.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const changed = envelope.slice();
        changed[at] = changed[at]! ^ flip;
        const opened = await openRecord(changed).catch((error: unknown) => error as { code: string });
        // Protobuf has more than one way to write the same thing; what opens says what was signed.
        if ("code" in opened) expect(opened.code).to.equal("bad-message");
        else expect([opened.operator, opened.sequence]).to.deep.equal([operatorOf(1), 7n]);
      }),
      { seed: 5, numRuns: 60 },
    );
  });
});

describe("the peer exchange's frames", () => {
  it("of questions decode as they were encoded", () => {
    const asked = [operatorOf(1), operatorOf(2)];
    expect(decodeQuestion(encodeQuestion(asked))).to.deep.equal(asked);
  });

  it("of answers decode as they were encoded, also empty ones", () => {
    const answer = [Uint8Array.of(1, 2, 3), new Uint8Array(MAX_RECORD_BYTES).fill(7)];
    expect(decodeAnswer(encodeAnswer(answer)).map((bytes) => [...bytes])).to.deep.equal(
      answer.map((bytes) => [...bytes]),
    );
    expect(decodeAnswer(encodeAnswer([]))).to.deep.equal([]);
  });

  it("that no peer of ours writes throw `bad-message`, and nothing else does", () => {
    const tooMany = Array.from({ length: MAX_ASKED + 1 }, () => operatorOf(1));
    for (const bytes of [new Uint8Array(0), Uint8Array.of(0), Uint8Array.of(1), encodeQuestion(tooMany)])
      expect(codeOf(() => decodeQuestion(bytes))).to.equal("bad-message");
    const tooLong = encodeAnswer([new Uint8Array(MAX_RECORD_BYTES + 1)]);
    for (const bytes of [new Uint8Array(0), Uint8Array.of(1), Uint8Array.of(1, 0, 0), Uint8Array.of(0, 0), tooLong])
      expect(codeOf(() => decodeAnswer(bytes))).to.equal("bad-message");
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3_000 }), (bytes) => {
        for (const decode of [decodeQuestion, decodeAnswer])
          expect(["none", "bad-message"]).to.include(codeOf(() => decode(bytes)));
      }),
      { seed: 5, numRuns: 2_000 },
    );
  });
});

describe("a peer book", () => {
  let now = NOW;
  const open = async (storage = createMemoryStorage()): Promise<PeerBook> => {
    const book = new PeerBook(createPeerStore(storage), () => now);
    await book.load();
    return book;
  };
  const at = (port: number): string => `/ip4/198.51.100.7/tcp/${port}/p2p/${peerOf(1)}`;

  it("has the address that worked last first, then what is announced, signed and heard", async () => {
    const book = await open();
    book.reached(operatorOf(1), at(1));
    book.reached(operatorOf(1), at(2));
    book.reached(operatorOf(1), undefined);
    book.learn(await signed(1, 5, ["/ip4/198.51.100.7/tcp/3"]));
    book.heard(operatorOf(1), [at(4), at(1)]);
    expect(book.addresses(operatorOf(1), [at(9)])).to.deep.equal([at(2), at(1), at(9), at(3), at(4)]);
    expect(book.addresses(operatorOf(2), [at(9)])).to.deep.equal([at(9)]);
  });

  it("keeps the newest record, and none from the future", async () => {
    const book = await open();
    const [older, newer, future] = [await signed(1, 5), await signed(1, 6), await signed(1, NOW + 2 * DAY)];
    expect([newer, older, newer, future].map((record) => book.learn(record))).to.deep.equal([
      true,
      false,
      false,
      false,
    ]);
    expect(book.envelope(operatorOf(1))).to.deep.equal(newer.envelope);
  });

  it("knows after a restart what it knew, but for what was only heard", async () => {
    const storage = createMemoryStorage();
    const book = await open(storage);
    const record = await signed(1, 5, ["/ip4/198.51.100.7/tcp/3"]);
    book.reached(operatorOf(1), at(1));
    book.learn(record);
    book.heard(operatorOf(2), [at(4)]);
    for (let i = 0; i < 5; i++) book.failed(operatorOf(1));
    const again = await open(storage);
    expect(again.addresses(operatorOf(1))).to.deep.equal([at(1), at(3)]);
    expect(again.envelope(operatorOf(1))).to.deep.equal(record.envelope);
    expect(again.failures(operatorOf(1))).to.equal(4); // written at powers of two
    expect(again.size).to.equal(1);
  });

  it("forgets who was not seen for two months, and records that are damaged or another's", async () => {
    const storage = createMemoryStorage();
    const book = await open(storage);
    book.reached(operatorOf(1), at(1));
    now += 61 * DAY;
    book.reached(operatorOf(2), undefined);
    storage.put("peer", operatorOf(3), {
      ...(storage.get("peer", operatorOf(2)) as object),
      operator: operatorOf(3),
      record: "AAAA",
    });
    storage.put("peer", operatorOf(4), {
      operator: operatorOf(4),
      worked: [],
      record: Buffer.from(await sign(5, 1)).toString("base64"),
      seen: now,
      failures: 0,
    });
    storage.put("peer", "nonsense", { operator: 7 });
    const again = await open(storage);
    expect([1, 2, 3, 4].map((key) => again.addresses(operatorOf(key)).length)).to.deep.equal([0, 0, 0, 0]);
    expect(again.size).to.equal(3);
    expect(storage.entries("peer").map(([key]) => key)).to.deep.equal([2, 3, 4].map(operatorOf).sort());
  });

  it("holds a thousand peers or so, on the disk as well, and drops who changed longest ago", async () => {
    const storage = createMemoryStorage();
    const book = await open(storage);
    const operators = Array.from({ length: 1_100 }, (_, i): Address => `0x${(i + 1).toString(16).padStart(40, "0")}`);
    for (const operator of operators) book.reached(operator, undefined);
    expect(book.size).to.equal(1_024);
    expect(storage.entries("peer")).to.have.length(1_024);
    expect(storage.get("peer", operators[75]!)).to.equal(undefined);
    expect(storage.get("peer", operators[76]!)).to.not.equal(undefined);
  });

  it("goes on where the disk is full", () => {
    const full = (): never => {
      throw new Error("disk full");
    };
    const book = new PeerBook(createPeerStore({ put: full, delete: full, entries: () => [] }), () => NOW);
    book.reached(operatorOf(1), at(1));
    expect(book.addresses(operatorOf(1))).to.deep.equal([at(1)]);
  });
});
