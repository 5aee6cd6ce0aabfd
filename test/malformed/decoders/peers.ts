import { PeerRecord, RecordEnvelope } from "@libp2p/peer-record";
import { peerIdFromPrivateKey } from "@libp2p/peer-id";
import { multiaddr } from "@multiformats/multiaddr";
import { keccak256 } from "../../../node/core/bytes.ts";
import { addressOfPrivateKey } from "../../../node/core/signature.ts";
import { createPeerStore } from "../../../node/daemon/peers/keptPeers.ts";
import { byPeer, parseContacts, plausibleAddresses } from "../../../node/network/addresses.ts";
import { libp2pKeyOf } from "../../../node/network/identity.ts";
import { PeerBook } from "../../../node/network/peers/book.ts";
import { decodeAnswer, decodeQuestion, encodeAnswer, encodeQuestion } from "../../../node/network/peers/frames.ts";
import { openRecord } from "../../../node/network/peers/record.ts";
import { createMemoryStorage } from "../../../node/storage/memory.ts";
import { bytesOf, jsonBytes, textOf, valueOf, type Decoder } from "../decoder.ts";

const keyOf = (id: number): Uint8Array => keccak256(Uint8Array.of(id));
const operators = [1, 2, 3].map((id) => addressOfPrivateKey(keyOf(id)));
const operator = operators[0]!;
const peerId = peerIdFromPrivateKey(libp2pKeyOf(keyOf(1)));
const relay = peerIdFromPrivateKey(libp2pKeyOf(keyOf(2)));
const NOW = 1_700_000_000_000;

const ADDRESSES = [
  `/ip4/192.0.2.7/tcp/4001/p2p/${peerId.toString()}`,
  `/ip6/2001:db8::7/udp/4001/quic-v1/p2p/${peerId.toString()}`,
  `/dns4/a.example/tcp/443/wss/p2p/${peerId.toString()}`,
  `/ip4/198.51.100.1/tcp/4001/p2p/${relay.toString()}/p2p-circuit/p2p/${peerId.toString()}`,
];

async function envelope(): Promise<Uint8Array> {
  const record = new PeerRecord({
    peerId,
    multiaddrs: ADDRESSES.map((address) => multiaddr(address)),
    seqNumber: BigInt(NOW),
  });
  return (await RecordEnvelope.seal(record, libp2pKeyOf(keyOf(1)))).marshal();
}

/** A book takes up what its store has; whatever is there, nothing is thrown. */
async function takeUp(record: unknown): Promise<boolean> {
  const storage = createMemoryStorage();
  try {
    storage.put("peer", operator, record);
  } catch {
    return false; // no JSON: it could not have been stored
  }
  const book = new PeerBook(createPeerStore(storage), () => NOW);
  await book.load();
  return book.addresses(operator).length > 0;
}

export const peerDecoders: readonly Decoder[] = [
  {
    name: "decodeQuestion",
    form: "bytes",
    samples: () => [encodeQuestion(operators), encodeQuestion([operator])],
    feed: (input) => decodeQuestion(input).length > 0,
    codes: ["bad-message"],
  },
  {
    name: "decodeAnswer",
    form: "bytes",
    samples: async () => [encodeAnswer([await envelope(), bytesOf("another")]), encodeAnswer([bytesOf("one")])],
    feed: (input) => decodeAnswer(input).length > 0,
    codes: ["bad-message"],
  },
  {
    name: "openRecord",
    form: "bytes",
    samples: async () => [await envelope()],
    feed: async (input) => (await openRecord(input)).operator === operator,
    codes: ["bad-message"],
  },
  {
    name: "parseContacts and byPeer",
    form: "text",
    samples: () => ADDRESSES.map(bytesOf),
    feed(input) {
      const address = textOf(input);
      return parseContacts([address]).addresses.length === 1 && byPeer([address]).length === 1;
    },
    codes: ["bad-argument"],
  },
  {
    name: "plausibleAddresses",
    form: "text",
    samples: () => ADDRESSES.map(bytesOf),
    feed: (input) => plausibleAddresses([textOf(input)], operator, []).length > 0,
  },
  {
    name: "a peer store's records",
    form: "json",
    samples: async () => {
      const known = { operator, worked: ADDRESSES.slice(0, 2), seen: NOW, failures: 0 };
      return [jsonBytes(known), jsonBytes({ ...known, record: Buffer.from(await envelope()).toString("base64") })];
    },
    feed: (input) => takeUp(valueOf(input)),
  },
];
