import { createPublicClient, custom, keccak256, parseTransaction, RpcRequestError, toHex, type Hex } from "viem";
import type { Endpoint } from "../../node/chain/endpoint.ts";
import { toHead, type Head } from "../../node/chain/endpoints/head.ts";
import { keccakWords, ZERO_WORD } from "../../node/core/bytes.ts";

interface Sent {
  readonly hash: Hex;
  readonly nonce: number;
  readonly data: Hex;
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
}

interface Block {
  readonly hash: Hex;
  readonly parentHash: Hex;
  readonly sent: readonly Sent[];
}

/** What a node does next to a transaction that it is given. */
export type Reception = "takes it" | "takes it and does not answer" | "loses it" | "does not answer";

/**
 * A chain of one account behind JSON-RPC: blocks take what the pool holds without a gap in nonces and what pays the base fee, the
 * pool replaces for 10 % more, forgets what a test tells it to, and reorganisations give back or lose what they take out.
 */
export class ModelNode {
  readonly chainId = 5;
  readonly #blocks: Block[] = [{ hash: keccakWords(0), parentHash: ZERO_WORD, sent: [] }];
  readonly #pool = new Map<number, Sent>();
  readonly #receptions: Reception[] = [];
  readonly #listeners = new Set<(head: Head) => void>();
  #branch = 0;
  baseFee = 1_000_000_000n;
  balance = 10n ** 24n;
  /** What it says next that the account's next nonce is, with what waits. */
  readonly pendingLies: number[] = [];
  /** Calls that the contract refuses now. */
  readonly refused = new Set<Hex>();

  get height(): number {
    return this.#blocks.length - 1;
  }

  get pool(): readonly Sent[] {
    return [...this.#pool.values()];
  }

  /** Data of all that is in blocks, in order. */
  get landed(): readonly Hex[] {
    return this.#blocks.flatMap(({ sent }) => sent.map(({ data }) => data));
  }

  /** For the next transactions that are sent to it. */
  receive(...receptions: readonly Reception[]): void {
    this.#receptions.push(...receptions);
  }

  /** @param most transactions that come in */
  mine(most = Infinity): void {
    const sent: Sent[] = [];
    for (let nonce = this.#nonce(); sent.length < most; nonce++) {
      const next = this.#pool.get(nonce);
      if (next === undefined || next.maxFeePerGas < this.baseFee) break;
      this.#pool.delete(nonce);
      sent.push(next);
    }
    this.#push(sent);
    for (const listener of [...this.#listeners]) listener(this.#head());
  }

  /** Forgets every transaction that waits, as a node that restarts. */
  emptyPool(): void {
    this.#pool.clear();
  }

  /** Replaces the last blocks by as many empty ones. */
  reorganise(depth: number, transactions: "wait again" | "are lost"): void {
    const taken = this.#blocks.splice(Math.max(1, this.#blocks.length - depth));
    this.#branch++;
    for (const { sent } of taken) {
      if (transactions === "wait again") for (const one of sent) this.#pool.set(one.nonce, one);
    }
    for (const _ of taken) this.#push([]);
  }

  /** A view of it as endpoints have. */
  endpoint(confirmations = 0): Endpoint {
    const request = (call: { method: string; params: unknown }): Promise<unknown> =>
      Promise.resolve().then(() => this.#answer(call.method, (call.params ?? []) as readonly unknown[]));
    const client = createPublicClient({ transport: custom({ request }, { retryCount: 0 }), cacheTime: 0 });
    return {
      url: "model",
      chainId: this.chainId,
      client,
      confirmations,
      head: () => Promise.resolve(this.#head()),
      onBlock: (listener) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
      compareLater: () => undefined,
      status: () => [],
      close: () => Promise.resolve(),
    };
  }

  #push(sent: readonly Sent[]): void {
    const parentHash = this.#blocks.at(-1)!.hash;
    this.#blocks.push({ hash: keccakWords(this.#branch, this.#blocks.length), parentHash, sent });
  }

  #nonce(): number {
    return this.#blocks.reduce((count, { sent }) => count + sent.length, 0);
  }

  #head(): Head {
    return toHead(this.#header(this.height));
  }

  #header(number: number): unknown {
    const { hash, parentHash } = this.#blocks[number]!;
    const fields = { number: toHex(number), timestamp: toHex(number), baseFeePerGas: toHex(this.baseFee) };
    return { ...fields, hash, parentHash, transactions: [] };
  }

  #answer(method: string, params: readonly unknown[]): unknown {
    switch (method) {
      case "eth_getBlockByNumber":
        return this.#header(params[0] === "latest" ? this.height : Number(params[0]));
      case "eth_getTransactionCount":
        return toHex(params[1] === "pending" ? (this.pendingLies.shift() ?? this.#pendingNonce()) : this.#nonce());
      case "eth_feeHistory":
        return {
          oldestBlock: "0x0",
          baseFeePerGas: [toHex(this.baseFee), toHex(this.baseFee)],
          gasUsedRatio: [0.5],
          reward: [["0x3b9aca00"]],
        };
      case "eth_estimateGas":
        if (this.refused.has((params[0] as { data: Hex }).data)) throw error(3, "execution reverted");
        return "0xc350";
      case "eth_getBalance":
        return toHex(this.balance);
      case "eth_getTransactionReceipt":
        return this.#receipt(params[0] as Hex);
      case "eth_sendRawTransaction":
        return this.#receive(params[0] as Hex);
      default:
        throw error(-32601, `no method ${method}`);
    }
  }

  #pendingNonce(): number {
    let nonce = this.#nonce();
    while (this.#pool.has(nonce)) nonce++;
    return nonce;
  }

  #receipt(hash: Hex): unknown {
    const number = this.#blocks.findIndex(({ sent }) => sent.some((one) => one.hash === hash));
    if (number < 0) return null;
    const block = {
      blockHash: this.#blocks[number]!.hash,
      blockNumber: toHex(number),
      logs: [],
      logsBloom: "0x",
      type: "0x2",
    };
    const from = {
      from: ZERO_WORD.slice(0, 42),
      to: null,
      contractAddress: null,
      transactionIndex: "0x0",
      cumulativeGasUsed: "0x1",
    };
    return {
      ...block,
      ...from,
      transactionHash: hash,
      gasUsed: "0x5208",
      effectiveGasPrice: toHex(this.baseFee),
      status: "0x1",
    };
  }

  #receive(raw: Hex): Hex {
    const reception = this.#receptions.shift() ?? "takes it";
    const hash = keccak256(raw);
    if (reception === "does not answer") throw new Error("socket hang up");
    if (reception === "loses it") return hash;
    this.#takeIn(raw, hash);
    if (reception === "takes it and does not answer") throw new Error("socket hang up");
    return hash;
  }

  #takeIn(raw: Hex, hash: Hex): void {
    const { nonce = 0, data = "0x", maxFeePerGas = 0n, maxPriorityFeePerGas = 0n, gas = 0n } = parseTransaction(raw);
    const sent = { hash, nonce, data, maxFeePerGas, maxPriorityFeePerGas };
    if (nonce < this.#nonce()) throw error(-32000, "nonce too low");
    if (gas * maxFeePerGas > this.balance) throw error(-32000, "insufficient funds for gas * price + value");
    const before = this.#pool.get(nonce);
    if (before?.hash === hash) throw error(-32000, "already known");
    if (
      before !== undefined &&
      !isTenth(before.maxFeePerGas, maxFeePerGas, before.maxPriorityFeePerGas, maxPriorityFeePerGas)
    ) {
      throw error(-32000, "replacement transaction underpriced");
    }
    this.#pool.set(nonce, sent);
  }
}

/** 10 % more of both, as geth asks for. */
function isTenth(fee: bigint, nextFee: bigint, tip: bigint, nextTip: bigint): boolean {
  return nextFee * 100n >= fee * 110n && nextTip * 100n >= tip * 110n;
}

function error(code: number, message: string): Error {
  return new RpcRequestError({ body: {}, error: { code, message }, url: "model" });
}
