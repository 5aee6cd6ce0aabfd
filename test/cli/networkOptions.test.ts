import { expect } from "chai";
import { Command } from "commander";
import { describe, it } from "mocha";
import { networkOf, withNetwork, type NetworkFlags } from "../../node/cli/networkOptions.ts";
import { createHome, openHome, remember } from "../../node/daemon/home/home.ts";
import { temporaryFolder } from "../data/temporaryFolder.ts";

const OPERATOR = `0x${"0a".repeat(20)}` as const;
const PEER = "/ip4/192.0.2.7/tcp/4001/p2p/16Uiu2HAm1G7VSPBTXZQM2qhyuXu4arUdXFetbiXSKMXUz1Q939MG";

const flags = (...words: string[]): NetworkFlags =>
  withNetwork(new Command().exitOverride()).parse(words, { from: "user" }).opts();

describe("how a daemon is reached, on the command line", () => {
  const folder = temporaryFolder();

  it("is remembered by the home, each by itself, until it is said otherwise", () => {
    const home = `${folder.path}/clinic`;
    createHome(home, OPERATOR);
    const start = (...words: string[]): unknown => {
      const network = networkOf(flags(...words), openHome(home));
      remember(openHome(home), { network });
      return network;
    };
    expect(start()).to.deep.equal({});
    const first = { listen: ["/ip4/0.0.0.0/tcp/4001"], mdns: true, relayOthers: true };
    expect(start("--listen", "/ip4/0.0.0.0/tcp/4001", "--mdns", "--relay-others")).to.deep.equal(first);
    expect(start("--bootstrap", PEER, "--relay", "any", "--no-mdns")).to.deep.equal({
      ...first,
      mdns: false,
      bootstrap: [PEER],
      relays: "any",
    });
    expect(start("--relay", PEER)).to.deep.include({ relays: [PEER], bootstrap: [PEER], relayOthers: true });
    expect(start()).to.deep.equal(openHome(home).config.network);
  });

  it("is refused by the option's name, also where the home's file has it wrong", () => {
    expect(() => networkOf(flags("--listen", "4001"), { config: {} })).to.throw(/--listen: 4001 is no address/);
    expect(() => networkOf({}, { config: { network: { announce: ["clinic"] } } })).to.throw(/--announce: clinic/);
    expect(() => networkOf(flags("--bootstrap", "/ip4/192.0.2.7/tcp/4001"), { config: {} })).to.throw(/--bootstrap/);
    expect(() => networkOf(flags("--relay", "none"), { config: {} })).to.throw(/--relay: none/);
  });
});
