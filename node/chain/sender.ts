import { BaseError, ContractFunctionRevertedError, encodeFunctionData, type Abi, type Hex as ViemHex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import type { Address, Hex } from "../core/bytes.ts";
import { messageOf, PacelineError } from "../core/errors.ts";
import type { Receipt } from "./chain.ts";
import type { Endpoint } from "./endpoint.ts";

/** A call of a contract that changes it. */
export interface Call {
  readonly address: Address;
  readonly abi: Abi;
  readonly functionName: string;
  readonly args: readonly unknown[];
  /** Of the chain's own coin, in wei, that goes with it. */
  readonly value?: bigint;
}

/** How long a call is wanted. */
export interface SendOptions {
  /** Aborted: nobody wants the call any more. What is in no block yet is cancelled, and `send` throws `closed`. */
  readonly signal?: AbortSignal;
  /** Seconds since the epoch. What is in no block by then is cancelled, and `send` throws `timeout`. */
  readonly deadline?: number;
}

/** Sends one account's transactions and waits for each to be in a block; many may be on their way at once. */
export interface Sender {
  readonly address: Address;
  /** Throws PacelineError `rejected`, `insufficient-funds`, `timeout`, `closed` or `chain-unreachable`. */
  send(call: Call, options?: SendOptions): Promise<Receipt>;
  /** Sends the chain's own coin, in wei. Throws as `send`. */
  pay(to: Address, wei: bigint, options?: SendOptions): Promise<Receipt>;
  /** Stops looking after what was sent; waiting calls throw `closed`. What the outbox holds is for the next process. */
  close(): void;
}

/** A transaction before it has a nonce. */
interface Request {
  readonly name: string;
  readonly to: Address;
  readonly data: ViemHex;
  readonly value: bigint;
  readonly estimate: () => Promise<bigint>;
}

/** Longest wait for a transaction's block, in milliseconds. */
const RECEIPT_TIMEOUT_MS = 120_000;
/** Head room over the estimate: what others post in between may make a call cost more. */
const gasLimit = (estimate: bigint): bigint => (estimate * 5n) / 4n + 30_000n;

export function createSender(endpoint: Endpoint, privateKey: Hex): Sender {
  const account = privateKeyToAccount(privateKey);
  const address = account.address.toLowerCase() as Address;
  const { client } = endpoint;
  let queue: Promise<unknown> = Promise.resolve();
  let nonce: number | undefined;

  /** Everything up to the broadcast happens in turn, so that nonces never collide. */
  const broadcast = async ({ name, to, data, value, estimate }: Request): Promise<ViemHex> => {
    try {
      const gas = gasLimit(await estimate());
      nonce ??= await client.getTransactionCount({ address: account.address, blockTag: "pending" });
      const { baseFeePerGas } = await client.getBlock();
      const tip = 1_000_000n;
      const raw = await account.signTransaction({
        chainId: endpoint.chainId,
        to,
        data,
        value,
        gas,
        nonce,
        maxFeePerGas: (baseFeePerGas ?? 0n) * 2n + tip,
        maxPriorityFeePerGas: tip,
        type: "eip1559",
      });
      const hash = await client.sendRawTransaction({ serializedTransaction: raw });
      nonce++;
      return hash;
    } catch (error) {
      nonce = undefined; // read it anew: another process may use the account
      throw explain(error, { functionName: name }, address);
    }
  };

  const deliver = async (request: Request): Promise<Receipt> => {
    const turn = queue.then(() => broadcast(request));
    queue = turn.catch(() => undefined);
    const hash = await turn;
    const receipt = await waitForReceipt(endpoint, hash).catch((error: unknown) => {
      nonce = undefined; // the node may have dropped it: what follows must take its place
      throw error;
    });
    if (receipt.status !== "success") {
      throw new PacelineError("rejected", `the contract refused ${request.name}: somebody else may have been faster`, {
        call: request.name,
        hash,
      });
    }
    return { gasUsed: Number(receipt.gasUsed), blockNumber: Number(receipt.blockNumber) };
  };

  return {
    address,
    send: (call) =>
      deliver({
        name: call.functionName,
        to: call.address,
        data: encodeFunctionData(call as never),
        value: call.value ?? 0n,
        estimate: () => client.estimateContractGas({ ...call, account: account.address } as never),
      }),
    pay: (to, value) => deliver({ name: "payment", to, data: "0x", value, estimate: () => Promise.resolve(21_000n) }),
    close: () => undefined,
  };
}

type TransactionReceipt = Awaited<ReturnType<Endpoint["client"]["getTransactionReceipt"]>>;

/** Asks at once, then after every block. */
async function waitForReceipt(endpoint: Endpoint, hash: ViemHex): Promise<TransactionReceipt> {
  const read = (): Promise<TransactionReceipt | undefined> =>
    endpoint.client.getTransactionReceipt({ hash }).catch(() => undefined);
  const first = await read();
  if (first !== undefined) return first;
  return new Promise((resolve, reject) => {
    const timeout = setTimeout(() => {
      stop();
      reject(
        new PacelineError("timeout", `transaction ${hash} is in no block after ${RECEIPT_TIMEOUT_MS / 1000} s`, {
          hash,
        }),
      );
    }, RECEIPT_TIMEOUT_MS);
    const look = (): void => {
      void read().then((receipt) => {
        if (receipt === undefined) return;
        clearTimeout(timeout);
        stop();
        resolve(receipt);
      });
    };
    const stop = endpoint.onBlock(look, () => undefined);
    look(); // a block may have come before the subscription stood
  });
}

/** Turns what viem throws into one line with the contract's own reason. */
export function explain(error: unknown, call: { readonly functionName: string }, account?: Address): PacelineError {
  if (error instanceof PacelineError) return error;
  if (error instanceof BaseError) {
    const reverted = error.walk((inner) => inner instanceof ContractFunctionRevertedError);
    if (reverted instanceof ContractFunctionRevertedError) {
      const name = reverted.data?.errorName ?? reverted.reason ?? reverted.signature ?? "no reason given";
      const args = (reverted.data?.args ?? []).map(String);
      const text = args.length > 0 ? `${name}(${args.join(", ")})` : name;
      return new PacelineError(
        "rejected",
        `the contract refused ${call.functionName}: ${text}`,
        { call: call.functionName, error: name, args },
        error,
      );
    }
    if (/insufficient funds|doesn't have enough funds|exceeds the balance/i.test(`${error.message} ${error.details}`)) {
      return new PacelineError(
        "insufficient-funds",
        `${account ?? "the account"} has too little to pay for ${call.functionName}: send it some of the chain's coin`,
        {},
        error,
      );
    }
    if (/fetch failed|HTTP request failed|socket|ECONNREFUSED|timed out|took too long/i.test(error.message)) {
      return new PacelineError(
        "chain-unreachable",
        `the chain did not answer ${call.functionName}: ${error.shortMessage}`,
        {},
        error,
      );
    }
    return new PacelineError(
      "rejected",
      `${call.functionName} failed: ${error.shortMessage}`,
      { call: call.functionName },
      error,
    );
  }
  return new PacelineError("chain-unreachable", `${call.functionName} failed: ${messageOf(error)}`, {}, error);
}
