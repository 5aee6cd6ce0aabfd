import { multiaddr } from "@multiformats/multiaddr";
import type { Deployment } from "../chain/accounts.ts";
import { PacelineError } from "../core/errors.ts";
import type { EngineSettings } from "../training/engine.ts";
import type { TransferSettings } from "../network/blobs/transferSettings.ts";
import type { DataSettings, Trust } from "./home/homeSchemas.ts";
import type { NetworkSettings } from "./peers/networkSettings.ts";
import type { JobRef } from "./home/home.ts";

/** One job of a daemon. What is in its files is looked at when it is opened, so that none holds up the others. */
export interface JobSettings {
  readonly job: JobRef & { readonly file: string };
  /** Undefined for a job that is only watched. */
  readonly data: DataSettings | undefined;
  readonly engine: EngineSettings;
}

/** All that a daemon runs by, checked and complete. */
export interface DaemonSettings {
  /** Home folder. */
  readonly home: string;
  /** One URL, or several separated by commas. */
  readonly rpc: string;
  /** Blocks on top of a block before what it says is acted upon. */
  readonly confirmations: number;
  /** Most that a unit of gas may cost, in wei. */
  readonly maxFeePerGas: bigint;
  readonly deployment: Deployment;
  /** At least one. */
  readonly jobs: readonly JobSettings[];
  /** Port of the HTTP API on this machine, 0 for any free one. */
  readonly api: number | "off";
  readonly network: NetworkSettings;
  /** Rounds that stay on the disk; Infinity for all. */
  readonly keptRounds: number;
  readonly transfers: TransferSettings;
  /** What to start from in a job that is under way. */
  readonly trust: Trust;
  /** How long to go on serving blobs to others after the job's end. */
  readonly lingerSeconds: number;
  readonly relaySeconds: number;
  readonly retrySeconds: number;
}

export const DEFAULTS = {
  lingerSeconds: 20,
  relaySeconds: 2,
  retrySeconds: 1,
} as const;

/** Throws `bad-input` for what is no TCP or UDP multiaddr. */
export function requireMultiaddr(text: string, option: string): string {
  const problem = new PacelineError(
    "bad-input",
    `${option}: ${text} is no address: give a multiaddr such as /ip4/0.0.0.0/tcp/4001`,
  );
  try {
    if (
      !multiaddr(text)
        .getComponents()
        .some(({ name }) => name === "tcp" || name === "udp")
    )
      throw problem;
  } catch {
    throw problem;
  }
  return text;
}
