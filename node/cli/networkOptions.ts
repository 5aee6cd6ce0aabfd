import { Option, type Command } from "commander";
import { requirePeerAddresses, USUAL_NETWORK, type NetworkSettings } from "../daemon/peers/networkSettings.ts";
import { requireMultiaddr } from "../daemon/settings.ts";
import { aList } from "./options.ts";

export interface NetworkFlags {
  readonly listen: readonly string[];
  readonly announce: readonly string[];
  readonly bootstrap: readonly string[];
  readonly relay: readonly string[];
  readonly relayOthers?: boolean;
  readonly mdns?: boolean;
  readonly serveStrangers?: boolean;
}

/** Adds the options that say how a daemon reaches others and is reached. */
export function withNetwork(command: Command): Command {
  return command
    .addOption(
      new Option("--listen <multiaddrs>", "where to listen, separated by commas: tcp, tcp/…/ws, or udp/…/quic-v1")
        .argParser(aList)
        .default(USUAL_NETWORK.listen, USUAL_NETWORK.listen.join(",")),
    )
    .addOption(
      new Option("--announce <multiaddrs>", "what to tell others instead, behind NAT")
        .argParser(aList)
        .default([], "where it listens"),
    )
    .addOption(
      new Option("--bootstrap <multiaddrs>", "operators to stay connected to, each with its /p2p/…")
        .argParser(aList)
        .default([], "those of the job file"),
    )
    .addOption(
      new Option("--relay <multiaddrs>", "relays to be reached through, or `any`: operators that relay others")
        .argParser(aList)
        .default([], "none"),
    )
    .option("--relay-others", "let operators be reached through this daemon")
    .option("--mdns", "find operators on the local network by multicast DNS")
    .option("--serve-strangers", "let anybody fetch blobs of a job whose registry keeps no list, within a rate");
}

/** @throws PacelineError `bad-input` naming the option and the address that is wrong */
export function networkSettings(flags: NetworkFlags): NetworkSettings {
  return {
    listen: flags.listen.map((address) => requireMultiaddr(address, "--listen")),
    announce: flags.announce.map((address) => requireMultiaddr(address, "--announce")),
    bootstrap: requirePeerAddresses(flags.bootstrap, "--bootstrap"),
    relays: flags.relay.length === 1 && flags.relay[0] === "any" ? "any" : requirePeerAddresses(flags.relay, "--relay"),
    relayOthers: flags.relayOthers ?? false,
    mdns: flags.mdns ?? false,
    serveStrangers: flags.serveStrangers ?? false,
  };
}
