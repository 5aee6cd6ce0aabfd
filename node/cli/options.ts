import { InvalidArgumentError, Option, type Command } from "commander";
import { toAddress, type Address } from "../core/bytes.ts";
import type { PartitionScheme } from "../data/partition.ts";

/** Options that several commands share, and the checks of what is given for them. */

export const DEFAULT_HOME = ".paceline";
export const DEFAULT_RPC = "http://127.0.0.1:8545";
export const DEFAULT_DEPLOYMENT = "deployment.json";

export interface ChainOptions {
  readonly rpc?: string;
  readonly deployment?: string;
}

export interface WalletOptions {
  readonly wallet: string;
  readonly walletPasswordFile?: string;
}

/** `--rpc` and `--deployment`, for commands that talk to the contracts. */
export function withChain(command: Command): Command {
  return command
    .option(
      "--rpc <urls>",
      `JSON-RPC endpoint, http(s):// or ws(s)://; several, separated by commas, stand in for each other (default: the home's, else ${DEFAULT_RPC})`,
    )
    .option("--deployment <file>", `addresses of the contracts (default: the home's, else ${DEFAULT_DEPLOYMENT})`);
}

/** `--home`, for commands of one participant. */
export function withHome(command: Command): Command {
  return command
    .addOption(new Option("--home <dir>", "the participant's home folder").default(DEFAULT_HOME))
    .option(
      "--password-file <file>",
      "file with the password of the home's key (default: $PACELINE_PASSWORD, or asked)",
    );
}

/** `--wallet`, for commands that spend from a wallet. */
export function withWallet(command: Command, needed = true): Command {
  const wallet = new Option("--wallet <file>", "the wallet's keystore");
  return command
    .addOption(needed ? wallet.makeOptionMandatory() : wallet)
    .option(
      "--wallet-password-file <file>",
      "file with the wallet's password (default: $PACELINE_WALLET_PASSWORD, $PACELINE_PASSWORD, or asked)",
    );
}

export function anAddress(text: string): Address {
  try {
    return toAddress(text);
  } catch {
    throw new InvalidArgumentError("Give an address: 0x and 40 hexadecimal digits.");
  }
}

/** Addresses, separated by commas. */
export function addresses(text: string): Address[] {
  return aList(text).map(anAddress);
}

export function whole(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max)
      throw new InvalidArgumentError(`Give a whole number from ${min} to ${max}.`);
    return value;
  };
}

/** A decimal amount of whole tokens, above zero. */
export function anAmount(text: string): string {
  if (!/^\d{1,12}(\.\d{1,18})?$/.test(text) || Number(text) === 0)
    throw new InvalidArgumentError("Give an amount of tokens such as 1000 or 12.5.");
  return text;
}

/** Gwei, above zero. */
export function aFee(max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d{1,9}(\.\d{1,9})?$/.test(text) || value === 0 || value > max)
      throw new InvalidArgumentError(`Give a number of gwei above 0, up to ${max}.`);
    return value;
  };
}

export function aSignature(text: string): `0x${string}` {
  if (!/^0x[0-9a-f]{130}$/i.test(text))
    throw new InvalidArgumentError(
      "Give the consent that `paceline register --consent-for` printed: 0x and 130 digits.",
    );
  return text as `0x${string}`;
}

export function aList(text: string): string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

export function aPartition(text: string): PartitionScheme {
  const [kind, parameter, ...rest] = text.split(":");
  if ((kind === "iid" || kind === "group" || kind === "blocks") && parameter === undefined) return { kind };
  const value = Number(parameter);
  if (value >= 0.001 && value <= 1e6 && rest.length === 0) {
    if (kind === "dirichlet") return { kind, alpha: value };
    if (kind === "quantity") return { kind, beta: value };
  }
  if (kind === "shards" && Number.isInteger(value) && value >= 1 && value <= 1000 && rest.length === 0) {
    return { kind, shardsPerParticipant: value };
  }
  throw new InvalidArgumentError(
    "Give iid, dirichlet:ALPHA (such as dirichlet:0.5), shards:N (such as shards:2), quantity:BETA (such as quantity:0.5), group or blocks.",
  );
}

/** `I/N`: part I of N, counted from 1. */
export interface Part {
  readonly index: number;
  readonly of: number;
}

export function aPart(text: string): Part {
  const [, index = 0, of = 0] = (/^(\d{1,6})\/(\d{1,6})$/.exec(text) ?? []).map(Number);
  if (index < 1 || index > of) throw new InvalidArgumentError("Give a part such as 2/5: the second of five.");
  return { index: index - 1, of };
}

/** A port of this machine's loopback, or `off`; an address cannot be given. */
export function anApiPort(text: string): number | "off" {
  if (text === "off") return text;
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new InvalidArgumentError("Give a port from 0 to 65535, or off; it listens on 127.0.0.1 only.");
}
