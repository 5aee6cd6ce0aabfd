import { encodeAbiParameters, encodeFunctionData, keccak256, type Abi, type Hex as ViemHex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { keccakWords, type Address, type Hex } from "../core/bytes.ts";
import { PacelineError } from "../core/errors.ts";
import type { Receipt, SendOptions } from "./chain.ts";
import type { Endpoint } from "./endpoint.ts";
import type { SenderEvent } from "./sending/events.ts";
import { isCancelled, type Flight, type Landing, type Waiter } from "./sending/flight.ts";
import { createMemoryOutbox, type Outbox } from "./sending/outbox.ts";
import { TransactionQueue, type Wish } from "./sending/queue.ts";
import { Signer } from "./sending/signing.ts";

/** A call of a contract that changes it. */
export interface Call {
  readonly address: Address;
  readonly abi: Abi;
  readonly functionName: string;
  readonly args: readonly unknown[];
  /** Of the chain's own coin, in wei, that goes with it. */
  readonly value?: bigint;
}

/** Sends one account's transactions and waits for each to be in a block; many may be on their way at once. */
export interface Sender {
  readonly address: Address;
  /**
   * A call that is on its way already is joined, not sent twice.
   * Throws PacelineError `rejected`, `insufficient-funds`, `timeout`, `closed`, `endpoints-disagree` or `chain-unreachable`.
   */
  send(call: Call, options?: SendOptions): Promise<Receipt>;
  /** Sends the chain's own coin, in wei; each call is a payment of its own. Throws as `send`. */
  pay(to: Address, wei: bigint, options?: SendOptions): Promise<Receipt>;
  /** Stops looking after what was sent; waiting calls throw `closed`. What the outbox holds is for the next process. */
  close(): void;
}

export interface SenderOptions {
  /** Default: one in memory. */
  readonly outbox?: Outbox;
  /** Most that a unit of gas may cost, in wei. */
  readonly maxFeePerGas?: bigint;
  /** Blocks for which a transaction is looked after once it is in one; at least the endpoint's confirmations. */
  readonly keepBlocks?: number;
  readonly onEvent?: (event: SenderEvent) => void;
  /** Seconds since the epoch. */
  readonly now?: () => number;
}

/** 500 gwei: several times what Ethereum asks for on a busy day. */
export const DEFAULT_MAX_FEE_PER_GAS = 500n * 10n ** 9n;
/** Longest wait for a transaction's block, in milliseconds; it is looked after beyond that. */
const RECEIPT_TIMEOUT_MS = 120_000;
/** Between looks at what is on its way, where no block comes. */
const LOOK_MS = 2_000;

export function createSender(endpoint: Endpoint, privateKey: Hex, options: SenderOptions = {}): Sender {
  const { outbox = createMemoryOutbox(), maxFeePerGas = DEFAULT_MAX_FEE_PER_GAS, onEvent = () => undefined } = options;
  const keepBlocks = Math.max(options.keepBlocks ?? 0, endpoint.confirmations);
  const now = options.now ?? (() => Date.now() / 1000);
  const signer = new Signer(privateKeyToAccount(privateKey), endpoint.chainId);
  const queue = new TransactionQueue({ endpoint, signer, outbox, maxFeePerGas, keepBlocks, now, onEvent });
  const watch = watchOver(queue, endpoint);
  let payments = 0;

  const deliver = async (wish: Wish, { signal, deadline }: SendOptions): Promise<Receipt> => {
    const requireWanted = (): void => {
      if (watch.isClosed || signal?.aborted === true) throw gone(wish, watch.isClosed);
      if (deadline !== undefined && now() > deadline) throw late(wish);
    };
    const estimate = (): Promise<bigint> => {
      requireWanted();
      return wish.estimate();
    };
    for (;;) {
      requireWanted();
      const until = deadline === undefined || deadline === Infinity ? {} : { wantedUntil: deadline };
      const flight = await queue.board({ ...wish, estimate, ...until });
      watch.start();
      const wait = Math.min(RECEIPT_TIMEOUT_MS, deadline === undefined ? Infinity : (deadline - now()) * 1000);
      const landing = await landingOf(flight, wish, wait, signal, watch);
      if (!landing.isCancel) return toReceipt(landing, wish);
    }
  };

  watch.start();
  return {
    address: signer.address,
    send(call, sendOptions = {}) {
      const { functionName: name, address: to, value = 0n } = call;
      const data = encodeFunctionData(call as never);
      const key = callKey(to, data, value);
      const estimate = (): Promise<bigint> =>
        endpoint.client.estimateContractGas({ ...call, account: signer.address } as never);
      return deliver({ key, call: { name, to, data, value }, estimate }, sendOptions);
    },
    pay(to, value, sendOptions = {}) {
      const key = keccakWords(signer.address, BigInt(Math.floor(now() * 1000)), payments++);
      const estimate = (): Promise<bigint> => Promise.resolve(21_000n);
      return deliver({ key, call: { name: "payment", to, data: "0x", value }, estimate }, sendOptions);
    },
    close: () => watch.close(),
  };
}

/** What makes two calls the same. */
export function callKey(to: Address, data: ViemHex, value: bigint): Hex {
  return keccak256(
    encodeAbiParameters([{ type: "address" }, { type: "bytes" }, { type: "uint256" }], [to, data, value]),
  );
}

interface Watch {
  readonly isClosed: boolean;
  /** Looks after each block, and now and then, until nothing is on its way. */
  start(): void;
  close(): void;
  /** @returns forgets it */
  onClose(listener: () => void): () => void;
}

function watchOver(queue: TransactionQueue, endpoint: Endpoint): Watch {
  const closing = new Set<() => void>();
  let isClosed = false;
  let timer: NodeJS.Timeout | undefined;
  let stopBlocks: (() => void) | undefined;
  let looking = false;
  let isDue = false;

  const stop = (): void => {
    clearInterval(timer);
    stopBlocks?.();
    timer = undefined;
    stopBlocks = undefined;
  };
  // One at a time. What goes wrong shows in the next look, or as the waiting call's timeout.
  const look = (): void => {
    if (looking) return;
    looking = true;
    isDue = false;
    const done = (): void => {
      looking = false;
      if (queue.flights.length === 0) stop();
      else if (isDue && isWaiting()) look();
    };
    queue.look().then(done, done);
  };
  const isWaiting = (): boolean => queue.flights.some(({ isReported }) => !isReported);
  /** What only might be taken back can wait: some chains make many blocks a second. */
  const onBlock = (): void => {
    isDue = true;
    if (isWaiting()) look();
  };
  return {
    get isClosed() {
      return isClosed;
    },
    start() {
      if (isClosed || timer !== undefined || queue.flights.length === 0) return;
      timer = setInterval(() => (isDue || isWaiting() ? look() : undefined), LOOK_MS);
      timer.unref();
      stopBlocks = endpoint.onBlock(onBlock, () => undefined);
      look();
    },
    close() {
      isClosed = true;
      stop();
      for (const listener of [...closing]) listener();
    },
    onClose(listener) {
      closing.add(listener);
      return () => closing.delete(listener);
    },
  };
}

/** Throws `timeout`, `closed`, or what the queue says. */
function landingOf(
  flight: Flight,
  wish: Wish,
  waitMs: number,
  signal: AbortSignal | undefined,
  watch: Watch,
): Promise<Landing> {
  if (flight.landing !== undefined && flight.isReported) return Promise.resolve(flight.landing);
  return new Promise((resolve, reject) => {
    const waiter: Waiter = {
      settle(outcome) {
        clearTimeout(timer);
        signal?.removeEventListener("abort", abandon);
        forgetClose();
        flight.waiters.delete(waiter);
        if (outcome instanceof Error) reject(outcome);
        else resolve(outcome);
      },
    };
    const isDeadline = waitMs < RECEIPT_TIMEOUT_MS;
    const abandon = (): void => {
      waiter.settle(gone(wish, false));
      flight.isUnwanted = flight.waiters.size === 0;
    };
    const timer = setTimeout(
      () => {
        waiter.settle(isDeadline ? late(wish) : unconfirmed(flight));
        if (isDeadline) flight.isUnwanted = flight.waiters.size === 0;
      },
      Math.max(0, waitMs),
    );
    const forgetClose = watch.onClose(() => waiter.settle(gone(wish, true)));
    signal?.addEventListener("abort", abandon, { once: true });
    flight.waiters.add(waiter);
  });
}

function toReceipt({ blockNumber, gasUsed, fee, succeeded, hash }: Landing, { call: { name } }: Wish): Receipt {
  if (succeeded) return { gasUsed, blockNumber, fee };
  throw new PacelineError("rejected", `the contract refused ${name}: somebody else may have been faster`, {
    call: name,
    hash,
  });
}

function gone({ call: { name } }: Wish, isClosed: boolean): PacelineError {
  return new PacelineError("closed", `${name}: ${isClosed ? "sending was stopped" : "it is of no use any more"}`, {
    call: name,
  });
}

function late({ call: { name } }: Wish): PacelineError {
  return new PacelineError("timeout", `${name} was in no block when its time was over`, { call: name });
}

function unconfirmed(flight: Flight): PacelineError {
  const { name, hashes, nonce } = flight.transaction;
  const hash = hashes[hashes.length - 1];
  const text = `${isCancelled(flight) ? "the cancellation of " : ""}${name} is in no block after ${RECEIPT_TIMEOUT_MS / 1000} s; it stays on its way`;
  return new PacelineError("timeout", `${text} (transaction ${hash ?? "none"})`, { call: name, hash, nonce });
}
