import { Option, type Command } from "commander";
import type { HomeConfig } from "../daemon/home/home.ts";
import { requirePeerAddresses, USUAL_NETWORK, type NetworkSettings } from "../daemon/peers/networkSettings.ts";
import { requireMultiaddr } from "../daemon/settings.ts";
import { aList } from "./options.ts";

/** What was given; what was not, the home knows. */
export interface NetworkFlags {
  readonly listen?: readonly string[];
  readonly announce?: readonly string[];
  readonly bootstrap?: readonly string[];
  readonly relay?: readonly string[];
  readonly relayOthers?: boolean;
  readonly mdns?: boolean;
  readonly serveStrangers?: boolean;
}

/** Adds the options that say how a daemon reaches others and is reached. */
export function withNetwork(command: Command): Command {
  const list = (flag: string, what: string, usual: string): Option =>
    new Option(`${flag} <multiaddrs>`, `${what} (default: the home's, else ${usual})`).argParser(aList);
  return command
    .addOption(
      list(
        "--listen",
        "where to listen, separated by commas: tcp, tcp/…/ws, or udp/…/quic-v1",
        USUAL_NETWORK.listen.join(","),
      ),
    )
    .addOption(list("--announce", "what to tell others instead, behind NAT", "where it listens"))
    .addOption(
      list(
        "--bootstrap",
        "operators to stay connected to, each with its /p2p/…",
        "none; those of the job file come on top",
      ),
    )
    .addOption(list("--relay", "relays to be reached through, or `any`: operators that relay others", "none"))
    .option(
      "--relay-others",
      "let operators be reached through this daemon; the home remembers it until --no-relay-others",
    )
    .addOption(new Option("--no-relay-others").hideHelp())
    .option("--mdns", "find operators on the local network by multicast DNS; the home remembers it until --no-mdns")
    .addOption(new Option("--no-mdns").hideHelp())
    .option(
      "--serve-strangers",
      "let anybody fetch blobs of a job whose registry keeps no list, within a rate; the home remembers it until --no-serve-strangers",
    )
    .addOption(new Option("--no-serve-strangers").hideHelp());
}

/**
 * What was given, over what the home remembers.
 * @throws PacelineError `bad-input` naming the option and the address that is wrong
 */
export function networkOf(
  flags: NetworkFlags,
  { config }: { readonly config: Pick<HomeConfig, "network"> },
): Partial<NetworkSettings> {
  const { listen, announce, bootstrap, relay, relayOthers, mdns, serveStrangers } = flags;
  const relays = relay?.length === 1 && relay[0] === "any" ? "any" : relay;
  const given = { listen, announce, bootstrap, relays, relayOthers, mdns, serveStrangers };
  const known = Object.entries(given).filter(([, value]) => value !== undefined);
  const network: Partial<NetworkSettings> = { ...config.network, ...Object.fromEntries(known) };
  for (const address of network.listen ?? []) requireMultiaddr(address, "--listen");
  for (const address of network.announce ?? []) requireMultiaddr(address, "--announce");
  requirePeerAddresses(network.bootstrap ?? [], "--bootstrap");
  if (network.relays !== "any") requirePeerAddresses(network.relays ?? [], "--relay");
  return network;
}
