import type { Endpoint } from "../../chain/endpoint.ts";
import { createSender, type Sender } from "../../chain/sender.ts";
import { toHex, type Address } from "../../core/bytes.ts";
import { PacelineError } from "../../core/errors.ts";
import { addressOfPrivateKey } from "../../core/signature.ts";
import type { Storage } from "../../storage/storage.ts";
import { BalanceWatch, type Coverage } from "./balance.ts";
import type { Log } from "../log.ts";
import { openOutbox } from "./outbox.ts";

/** The operator's account on the chain: what it sends is kept in the home until it is confirmed, and what it spends is watched. */
export interface OperatorAccount {
  readonly sender: Sender;
  /** Takes in what a transaction of a job's round cost, in wei. */
  readonly spent: (job: Address, round: number, fee: bigint) => void;
}

export interface AccountOptions {
  readonly privateKey: Uint8Array;
  readonly endpoint: Endpoint;
  /** The home's. */
  readonly storage: Storage;
  /** In wei. */
  readonly maxFeePerGas: bigint;
  readonly log: Log;
}

/** Blocks for which a transaction is looked after once it is in one: deeper reorganisations are not seen on chains in use. */
const KEEP_BLOCKS = 16;

export function openAccount({ privateKey, endpoint, storage, maxFeePerGas, log }: AccountOptions): OperatorAccount {
  const address = addressOfPrivateKey(privateKey);
  const sender = createSender(endpoint, toHex(privateKey), {
    outbox: openOutbox(storage, endpoint.chainId, address),
    maxFeePerGas,
    keepBlocks: KEEP_BLOCKS,
    onEvent: ({ name, facts, text }) => log.event(name, facts, text),
  });
  const balance = new BalanceWatch({
    readBalance: () => endpoint.client.getBalance({ address }),
    now: () => Date.now() / 1000,
    onChange: (isLow, coverage) => tellBalance(log, address, isLow, coverage),
  });
  return { sender, spent: (job, round, fee) => void balance.spent(job, round, fee) };
}

function tellBalance(log: Log, address: Address, isLow: boolean, { balance, perRound, rounds }: Coverage): void {
  const facts = { address, balance, perRound, rounds };
  if (!isLow) return log.event("balance", facts, `${address} has enough for about ${rounds} rounds again`);
  const text = `${address} has ${balance} wei left, which pays for about ${rounds} rounds more at ${perRound} wei a round: send it some of the chain's coin`;
  log.failure("balance", new PacelineError("insufficient-funds", text, facts));
}
