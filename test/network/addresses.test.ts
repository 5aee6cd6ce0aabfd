import { generateKeyPair } from "@libp2p/crypto/keys";
import { peerIdFromPrivateKey } from "@libp2p/peer-id";
import { multiaddr } from "@multiformats/multiaddr";
import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { addressOfPrivateKey } from "../../node/core/signature.ts";
import { byPeer, parseContacts, plausibleAddresses, worthAnnouncing } from "../../node/network/addresses.ts";
import { libp2pKeyOf } from "../../node/network/identity.ts";
import { codeOf } from "../helpers/errors.ts";
import { keyOf } from "./world.ts";

const operator = addressOfPrivateKey(keyOf(1));
const peer = peerIdFromPrivateKey(libp2pKeyOf(keyOf(1))).toString();
const other = peerIdFromPrivateKey(libp2pKeyOf(keyOf(2))).toString();
const OWN = [`/ip4/192.0.2.1/tcp/4001/p2p/${other}`];
const plausible = (...addresses: readonly string[]): readonly string[] => plausibleAddresses(addresses, operator, OWN);

describe("an operator's addresses", () => {
  it("are used in their order, over all transports, once each", () => {
    const fine = [
      `/ip4/198.51.100.7/tcp/4001/p2p/${peer}`,
      `/ip6/2001:db8::7/tcp/4001/p2p/${peer}`,
      `/dns4/clinic.example/tcp/443/wss/p2p/${peer}`,
      `/ip4/10.0.0.7/tcp/4002/ws/p2p/${peer}`,
      `/ip4/198.51.100.7/udp/4001/quic-v1/p2p/${peer}`,
      `/ip4/198.51.100.9/tcp/4001/p2p/${other}/p2p-circuit/p2p/${peer}`,
    ];
    expect(plausible(...fine, fine[0]!)).to.deep.equal(fine);
  });

  const impossible: Record<string, string> = {
    "are no multiaddr": "https://clinic.example",
    "name nobody": "/ip4/198.51.100.7/tcp/4001",
    "name another peer": `/ip4/198.51.100.7/tcp/4001/p2p/${other}`,
    "name another peer, relayed by the operator": `/ip4/198.51.100.7/tcp/4001/p2p/${peer}/p2p-circuit/p2p/${other}`,
    "are relayed by the operator itself": `/ip4/198.51.100.7/tcp/4001/p2p/${peer}/p2p-circuit/p2p/${peer}`,
    "are relayed by nobody": `/ip4/198.51.100.7/tcp/4001/p2p-circuit/p2p/${peer}`,
    "go through two relays": `/ip4/198.51.100.7/tcp/4001/p2p/${other}/p2p-circuit/p2p/${other}/p2p-circuit/p2p/${peer}`,
    "have no port": `/ip4/198.51.100.7/tcp/0/p2p/${peer}`,
    "are every address": `/ip4/0.0.0.0/tcp/4001/p2p/${peer}`,
    "are every IPv6 address": `/ip6/::/tcp/4001/p2p/${peer}`,
    "are for many": `/ip4/224.0.0.251/tcp/5353/p2p/${peer}`,
    "are for all": `/ip4/255.255.255.255/tcp/4001/p2p/${peer}`,
    "are for many over IPv6": `/ip6/ff02::fb/tcp/5353/p2p/${peer}`,
    "are this host's own": `/ip4/192.0.2.1/tcp/4001/p2p/${peer}`,
    "are on this machine, where this host is not": `/ip4/127.0.0.1/tcp/22/p2p/${peer}`,
    "are on this machine by IPv6": `/ip6/::1/tcp/22/p2p/${peer}`,
    "are too long": `/dns4/${"a.".repeat(120)}example/tcp/4001/p2p/${peer}`,
  };
  for (const [what, address] of Object.entries(impossible))
    it(`are not used where they ${what}`, () => expect(plausible(address)).to.deep.equal([]));

  it("are on this machine where its own are too, and nothing else is announced", () => {
    const here = [`/ip4/127.0.0.1/tcp/4001/p2p/${peer}`];
    const away = `/ip4/198.51.100.7/tcp/4001/p2p/${peer}`;
    expect(plausibleAddresses(here, operator, [`/ip4/127.0.0.1/tcp/9/p2p/${other}`])).to.deep.equal(here);
    expect(plausibleAddresses(here, operator, [])).to.deep.equal(here);
    expect(plausibleAddresses([...here, away], operator, [])).to.deep.equal([away]);
  });

  it("are sixteen at most", () => {
    const many = Array.from({ length: 100 }, (_, i) => `/ip4/198.51.100.7/tcp/${i + 1}/p2p/${peer}`);
    expect(plausible(...many)).to.deep.equal(many.slice(0, 16));
  });

  it("may be any text: nothing throws, and what is used names the operator", () => {
    const piece = fc.constantFrom(
      "/ip4",
      "/ip6",
      "/tcp",
      "/p2p",
      "/p2p-circuit",
      "/::1",
      "/1.2.3.4",
      "/80",
      `/${peer}`,
      "/ws",
      "",
    );
    const text = fc.oneof(
      fc.string({ maxLength: 300 }),
      fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join("")),
    );
    fc.assert(
      fc.property(fc.array(text, { maxLength: 8 }), (texts) => {
        for (const address of plausible(...texts)) expect(address.endsWith(`/p2p/${peer}`)).to.equal(true);
      }),
      { seed: 5, numRuns: 500 },
    );
  });
});

describe("contacts", () => {
  it("name one peer, at the end of each", () => {
    const address = `/ip4/198.51.100.7/tcp/4001/p2p/${peer}`;
    expect(parseContacts([address, address.replace("4001", "4002")]).peer.toString()).to.equal(peer);
    for (const wrong of [
      [],
      ["/ip4/198.51.100.7/tcp/4001"],
      [address, address.replace(peer, other)],
      [`${address}/tcp/1`],
    ])
      expect(
        codeOf(() => parseContacts(wrong)),
        wrong.join(),
      ).to.equal("bad-argument");
  });

  it("are put together by peer", async () => {
    const third = peerIdFromPrivateKey(await generateKeyPair("secp256k1")).toString();
    const at = (port: number, name: string): string => `/ip4/198.51.100.7/tcp/${port}/p2p/${name}`;
    expect(byPeer([at(1, peer), at(2, third), at(3, peer)])).to.deep.equal([
      [at(1, peer), at(3, peer)],
      [at(2, third)],
    ]);
  });
});

describe("the addresses that a host announces", () => {
  const announced = (...addresses: readonly string[]): readonly string[] =>
    worthAnnouncing(addresses.map((address) => multiaddr(address))).map(String);

  it("begin with those for everybody, and end with those through relays", () => {
    const relayed = `/ip4/198.51.100.9/tcp/1/p2p/${other}/p2p-circuit`;
    expect(
      announced(
        relayed,
        "/ip4/127.0.0.1/tcp/1",
        "/ip4/192.168.0.7/tcp/1",
        "/ip6/fe80::1/tcp/1",
        "/ip4/198.51.100.7/tcp/1",
      ),
    ).to.deep.equal(["/ip4/198.51.100.7/tcp/1", "/ip4/192.168.0.7/tcp/1", "/ip6/fe80::1/tcp/1", relayed]);
  });

  it("are this machine's only where there are no others", () => {
    expect(announced("/ip4/127.0.0.1/tcp/1", "/ip6/::1/tcp/1")).to.deep.equal([
      "/ip4/127.0.0.1/tcp/1",
      "/ip6/::1/tcp/1",
    ]);
  });
});
