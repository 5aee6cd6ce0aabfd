import { InvalidArgumentError, Option, type Command } from "commander";
import type { HomeConfig } from "../daemon/home/home.ts";
import { LEAST_KEPT_ROUNDS, USUAL_KEPT_ROUNDS } from "../daemon/model/retention.ts";
import type { Rates, TransferSettings } from "../network/blobs/transferSettings.ts";

/** What a daemon keeps on its disk and what it lets transfers use: options of `paceline start`. */
export interface KeepingOptions {
  readonly keepRounds?: number | "all";
  readonly uploadLimit?: Rates;
  readonly downloadLimit?: Rates;
  readonly compression?: "auto" | "off";
}

export function withKeeping(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--keep-rounds <n>",
        `rounds whose updates and records stay on the disk, or all, for an audit (default: the home's, else ${USUAL_KEPT_ROUNDS})`,
      ).argParser(keptRounds),
    )
    .addOption(
      new Option(
        "--upload-limit <rate>",
        "MB/s for blobs sent to all together, or all/each peer, such as 10/2 (default: the home's, else none; 0: none)",
      ).argParser(rates),
    )
    .addOption(
      new Option("--download-limit <rate>", "the same for blobs fetched (default: the home's, else none)").argParser(
        rates,
      ),
    )
    .addOption(
      new Option(
        "--compression <when>",
        "whether blobs are compressed on links slower than compressing (default: the home's, else auto)",
      ).choices(["auto", "off"]),
    );
}

/** What was given, over what the home remembers. */
export function keepingOf(
  { keepRounds, uploadLimit, downloadLimit, compression }: KeepingOptions,
  { config }: { readonly config: HomeConfig },
): Pick<HomeConfig, "keepRounds" | "transfers"> {
  const given: TransferSettings = {
    ...(uploadLimit === undefined ? {} : { upload: uploadLimit }),
    ...(downloadLimit === undefined ? {} : { download: downloadLimit }),
    ...(compression === undefined ? {} : { compression }),
  };
  return { keepRounds: keepRounds ?? config.keepRounds, transfers: { ...config.transfers, ...given } };
}

function keptRounds(text: string): number | "all" {
  if (text === "all") return "all";
  const rounds = Number(text);
  if (!/^\d+$/.test(text) || rounds < LEAST_KEPT_ROUNDS || rounds > 1_000_000)
    throw new InvalidArgumentError(`Give a whole number from ${LEAST_KEPT_ROUNDS} on, or all.`);
  return rounds;
}

/** `TOTAL` or `TOTAL/EACH`, in MB/s; 0 is no limit. In bytes a second. */
function rates(text: string): Rates {
  const [total, perPeer, ...rest] = text.split("/").map((part) => bytesPerSecond(part));
  if (total === undefined || rest.length > 0) throw notARate();
  return {
    ...(total === Infinity ? {} : { total }),
    ...(perPeer === undefined || perPeer === Infinity ? {} : { perPeer }),
  };
}

function bytesPerSecond(text: string): number {
  const megabytes = Number(text);
  if (!/^\d{1,6}(\.\d{1,6})?$/.test(text)) throw notARate();
  return megabytes === 0 ? Infinity : megabytes * 1e6;
}

function notARate(): InvalidArgumentError {
  return new InvalidArgumentError("Give MB/s such as 10, or 10/2 for 2 to each peer; 0 for no limit.");
}
