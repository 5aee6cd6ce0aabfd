import { PacelineError } from "../../core/errors.ts";
import type { Endpoint } from "../endpoint.ts";
import { explain } from "../explain.ts";
import { isRevert, kindOfProblem } from "./broadcasting.ts";
import type { SenderEvent } from "./events.ts";
import { bumpFees } from "./fees.ts";
import { isCancelled, isPast, newFlight, nextStep, type Flight, type Landing } from "./flight.ts";
import { findLanding, readFees, readNonce } from "./node.ts";
import type { Outbox, PendingTransaction } from "./outbox.ts";
import type { Draft, Signer } from "./signing.ts";

/** A call before it has a nonce. */
export interface Wish {
  /** Wishes of one key are one transaction for as long as it is on its way. */
  readonly key: PendingTransaction["key"];
  readonly call: Pick<Draft, "name" | "to" | "data" | "value">;
  /** Gas that it takes now. Throws viem's errors where the contract would refuse it. */
  readonly estimate: () => Promise<bigint>;
  /** Seconds since the epoch; for ever unless given. */
  readonly wantedUntil?: number;
}

export interface QueueOptions {
  readonly endpoint: Endpoint;
  readonly signer: Signer;
  readonly outbox: Outbox;
  /** Of one unit of gas, in wei. */
  readonly maxFeePerGas: bigint;
  /** Blocks after which a transaction is forgotten: until then a reorganisation that takes it back is mended. */
  readonly keepBlocks: number;
  /** Seconds since the epoch. */
  readonly now: () => number;
  readonly onEvent: (event: SenderEvent) => void;
}

/** Signed anew before a broadcast is given up: another process used the nonce, or its pool holds another transaction. */
const ATTEMPTS = 8;
/** Before a nonce that is used up by none of a transaction's versions counts as somebody else's. */
const MISSING_SECONDS = 10;
/** Before a nonce that nobody uses is used up for the sake of those behind it. */
const GAP_SECONDS = 15;
/** Unused nonces before one that is on its way: more of them are an endpoint's error, and each would cost a transaction to fill. */
const MAX_GAP = 64;
/** An endpoint may not have the newest block yet that another one has told of. */
const FLOOR_SECONDS = 10;
/** Head room over the estimate: what others post in between may make a call cost more. */
const gasLimit = (estimate: bigint): bigint => (estimate * 5n) / 4n + 30_000n;

/**
 * One account's transactions from their signature to their last confirmation. What has to happen one after the other does, here and
 * nowhere else: nonces never collide, and whatever is on its way is in the outbox before a node hears of it.
 */
export class TransactionQueue {
  readonly #options: QueueOptions;
  readonly #flights = new Map<number, Flight>();
  #lane: Promise<unknown> = Promise.resolve();
  /** No nonce below is free, as was seen lately. */
  #floor = { nonce: 0, at: -Infinity };
  #gapSince: number | undefined;

  constructor(options: QueueOptions) {
    this.#options = options;
    for (const transaction of options.outbox.entries()) this.#flights.set(transaction.nonce, newFlight(transaction));
  }

  get flights(): readonly Flight[] {
    return [...this.#flights.values()].sort((left, right) => left.transaction.nonce - right.transaction.nonce);
  }

  /** The flight of a wish: one that is on its way already, or a new one. Throws PacelineError as `Sender.send`. */
  board(wish: Wish): Promise<Flight> {
    return this.#inTurn(async () => {
      const isSame = ({ transaction }: Flight): boolean => transaction.key === wish.key;
      // What was in a block may have been taken back since.
      if (this.flights.some(isSame)) await this.#examineAll();
      const known = this.flights.find((flight) => isSame(flight) && !isOver(flight));
      if (known === undefined) return this.#launch(wish);
      if (!isCancelled(known)) this.#wantLonger(known, wish);
      return known;
    });
  }

  #wantLonger(flight: Flight, { wantedUntil }: Wish): void {
    flight.isUnwanted = false;
    const { wantedUntil: before, ...transaction } = flight.transaction;
    if (before === undefined || (wantedUntil !== undefined && wantedUntil <= before)) return;
    this.#keep(flight, wantedUntil === undefined ? transaction : { ...transaction, wantedUntil });
  }

  /** On the disk first: where that fails, no node hears of this version. */
  #keep(flight: Flight, transaction: PendingTransaction): void {
    this.#options.outbox.put(transaction);
    flight.transaction = transaction;
  }

  /** Looks what became of everything that is on its way, and does what has to be done about it. */
  look(): Promise<void> {
    return this.#inTurn(() => this.#examineAll());
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#lane.then(work);
    this.#lane = turn.catch(() => undefined);
    return turn;
  }

  async #launch(wish: Wish): Promise<Flight> {
    const { endpoint, signer, maxFeePerGas } = this.#options;
    try {
      const gas = gasLimit(await wish.estimate());
      let fees = await readFees(endpoint, maxFeePerGas);
      const head = (await endpoint.head()).number;
      let nonce = await this.#nextNonce();
      for (let attempt = 1; ; attempt++) {
        const now = this.#options.now();
        const draft = {
          ...wish.call,
          key: wish.key,
          nonce,
          gas,
          fees,
          firstSent: now,
          lastSent: now,
          sentAtBlock: head,
          ...(wish.wantedUntil === undefined ? {} : { wantedUntil: wish.wantedUntil }),
        };
        const flight = newFlight(await signer.call(draft));
        const problem = await this.#takeOff(flight);
        if (problem === undefined) return flight;
        const kind = kindOfProblem(problem);
        const dearer = kind === "underpriced" ? bumpFees(fees, fees, maxFeePerGas) : fees;
        if (attempt === ATTEMPTS || dearer === undefined || !(kind === "nonce-used" || kind === "underpriced")) {
          throw kind === "unaffordable" ? await this.#unaffordable(flight.transaction, problem) : (problem as Error);
        }
        fees = dearer;
        nonce = Math.max(await this.#nextNonce(), kind === "nonce-used" ? nonce + 1 : nonce);
      }
    } catch (error) {
      throw explain(error, { functionName: wish.call.name }, signer.address);
    }
  }

  /** @returns why no node will ever have the transaction; undefined where one has it, or may have it */
  async #takeOff(flight: Flight): Promise<unknown> {
    const { nonce } = flight.transaction;
    this.#options.outbox.put(flight.transaction);
    this.#flights.set(nonce, flight);
    const problem = await this.#broadcast(flight);
    if (problem !== undefined && kindOfProblem(problem) !== "unknown") {
      this.#forget(flight);
      return problem;
    }
    // Chains that make a block for each transaction have it by now.
    if (problem === undefined) await this.#lookFor(flight);
    return undefined;
  }

  async #lookFor(flight: Flight): Promise<void> {
    flight.landing = await findLanding(this.#options.endpoint, flight.transaction).catch(() => undefined);
    if (flight.landing === undefined) return;
    this.#raiseFloor(flight);
    this.#follow(flight, flight.landing, flight.landing.blockNumber);
  }

  /** @returns what went wrong; undefined where a node has it now */
  async #broadcast(flight: Flight): Promise<unknown> {
    flight.lastBroadcast = this.#options.now();
    try {
      await this.#options.endpoint.client.sendRawTransaction({ serializedTransaction: flight.transaction.raw });
      return undefined;
    } catch (error) {
      return kindOfProblem(error) === "taken" ? undefined : error;
    }
  }

  async #nextNonce(): Promise<number> {
    const { endpoint, signer, now } = this.#options;
    const pending = await readNonce(endpoint, signer.address, "pending");
    const ends = this.flights.map(({ transaction }) => transaction.nonce + 1);
    if (pending > Math.max(this.#floor.nonce, ...ends) + MAX_GAP) await this.#requireNear(pending);
    let nonce = now() - this.#floor.at <= FLOOR_SECONDS ? Math.max(pending, this.#floor.nonce) : pending;
    while (this.#flights.has(nonce)) nonce++;
    return nonce;
  }

  /** Also what other programs have waiting in the node's pool is not as much. */
  async #requireNear(pending: number): Promise<void> {
    const { endpoint, signer } = this.#options;
    const used = await readNonce(endpoint, signer.address, "latest");
    if (pending <= used + this.#flights.size + MAX_GAP) return;
    const text = `the endpoint says that ${signer.address} has used ${used} nonces, and that ${pending} comes next: nothing is sent by it`;
    throw new PacelineError("chain-unreachable", text, { used, pending });
  }

  async #examineAll(): Promise<void> {
    if (this.#flights.size === 0) return;
    const { endpoint, signer } = this.#options;
    const head = (await endpoint.head()).number;
    const next = await readNonce(endpoint, signer.address, "latest");
    for (const flight of this.flights) {
      if (flight.transaction.nonce < next) await this.#examineUsed(flight, head);
      else await this.#examineWaiting(flight, next, head);
    }
    await this.#fillGap(next, head);
  }

  /** Its nonce is used up: by one of its versions, as a rule. */
  async #examineUsed(flight: Flight, head: number): Promise<void> {
    const { endpoint, keepBlocks, now } = this.#options;
    const depth = flight.landing === undefined ? Infinity : head - flight.landing.blockNumber;
    const mustAsk = flight.landing === undefined || depth >= keepBlocks || (!flight.isReported && this.#isDeep(depth));
    if (mustAsk) flight.landing = await findLanding(endpoint, flight.transaction);
    if (flight.landing === undefined) {
      flight.missingSince ??= now();
      if (now() - flight.missingSince >= MISSING_SECONDS) this.#giveUp(flight);
      return;
    }
    flight.missingSince = undefined;
    this.#raiseFloor(flight);
    this.#follow(flight, flight.landing, head);
  }

  #isDeep(depth: number): boolean {
    return depth >= this.#options.endpoint.confirmations;
  }

  #follow(flight: Flight, landing: Landing, head: number): void {
    const depth = head - landing.blockNumber;
    if (!flight.isReported && this.#isDeep(depth)) {
      flight.isReported = true;
      for (const waiter of [...flight.waiters]) waiter.settle(landing);
    }
    if (flight.isReported && depth >= this.#options.keepBlocks) this.#forget(flight);
  }

  #giveUp(flight: Flight): void {
    const { nonce, name } = flight.transaction;
    const text = `another transaction of the account took nonce ${nonce} of ${name}: no other program may use the operator's key`;
    this.#tell("transaction-overtaken", { nonce, call: name }, text);
    this.#forget(flight);
    for (const waiter of [...flight.waiters]) waiter.settle(new PacelineError("rejected", text, { call: name, nonce }));
  }

  async #examineWaiting(flight: Flight, next: number, head: number): Promise<void> {
    const { nonce, name } = flight.transaction;
    flight.missingSince = undefined;
    if (flight.landing !== undefined) {
      flight.landing = undefined;
      flight.isReported = false;
      flight.lastBroadcast = -Infinity;
      this.#floor = { nonce: 0, at: -Infinity };
      this.#tell(
        "transaction-taken-back",
        { nonce, call: name },
        `a reorganisation took ${name} back; it is sent again`,
      );
    }
    const step = nextStep(flight, nonce === next, head, this.#options.now());
    if (step === "replace") await this.#replace(flight, head);
    else if (step === "broadcast") await this.#repeat(flight);
  }

  async #repeat(flight: Flight): Promise<void> {
    const problem = await this.#broadcast(flight);
    if (problem === undefined || kindOfProblem(problem) !== "unaffordable") return;
    const error = await this.#unaffordable(flight.transaction, problem);
    for (const waiter of [...flight.waiters]) waiter.settle(error);
  }

  /** With higher fees; by nothing, where the call is not wanted or would not be taken any more. */
  async #replace(flight: Flight, head: number): Promise<void> {
    const { endpoint, signer, maxFeePerGas, now } = this.#options;
    if ((await findLanding(endpoint, flight.transaction)) !== undefined) return; // in a block that came meanwhile
    await this.#doubt(flight);
    const usual = await readFees(endpoint, maxFeePerGas);
    const fees = bumpFees(flight.transaction.fees, usual, maxFeePerGas);
    if (fees === undefined) return this.#stayAtCap(flight);
    const isCancel = flight.isUnwanted || isCancelled(flight) || isPast(flight, now());
    const before = flight.transaction;
    const version = isCancel
      ? signer.cancellation(before, fees, now(), head)
      : signer.replacement(before, fees, now(), head);
    this.#keep(flight, await version);
    flight.replacedAt = head;
    this.#tellReplaced(flight, isCancel);
    await this.#repeat(flight);
  }

  /** The contract may refuse by now what it would have taken: its phase is over, or somebody else was faster. */
  async #doubt(flight: Flight): Promise<void> {
    const { endpoint, signer } = this.#options;
    const { to, data, value, name } = flight.transaction;
    if (flight.isUnwanted || isCancelled(flight) || isPast(flight, this.#options.now())) return;
    const isRefused = await endpoint.client.estimateGas({ account: signer.address, to, data, value }).then(
      () => false,
      (error: unknown) => isRevert(error),
    );
    if (!isRefused) return;
    flight.isUnwanted = true;
    const text = `the contract would refuse ${name} by now: its time is over, or somebody else was faster`;
    for (const waiter of [...flight.waiters]) waiter.settle(new PacelineError("rejected", text, { call: name }));
  }

  async #stayAtCap(flight: Flight): Promise<void> {
    const { nonce, name, fees } = flight.transaction;
    if (!flight.hasToldCap) {
      flight.hasToldCap = true;
      const text = `${name} waits for a block at ${gwei(fees.maxFeePerGas)} gwei, and --max-fee permits no more: raise it, or wait until gas is cheaper`;
      this.#tell("fee-cap", { nonce, call: name, maxFeePerGas: fees.maxFeePerGas }, text);
    }
    if (nextStep(flight, false, 0, this.#options.now()) === "broadcast") await this.#repeat(flight);
  }

  /** What comes after a nonce that nothing uses waits for ever. */
  async #fillGap(next: number, head: number): Promise<void> {
    const { endpoint, signer, maxFeePerGas, now } = this.#options;
    const waits = [...this.#flights.keys()].some((nonce) => nonce > next);
    if (!waits || this.#flights.has(next) || (await readNonce(endpoint, signer.address, "pending")) > next) {
      this.#gapSince = undefined;
      return;
    }
    this.#gapSince ??= now();
    if (now() - this.#gapSince < GAP_SECONDS) return;
    this.#gapSince = undefined;
    const first = Math.min(...[...this.#flights.keys()].filter((nonce) => nonce > next));
    if (first > next + MAX_GAP) return this.#giveUpFar(first);
    const filler = await signer.filler(next, await readFees(endpoint, maxFeePerGas), now(), head);
    this.#tell("nonce-filled", { nonce: next }, `nothing uses nonce ${next}, and later ones wait for it: filled`);
    await this.#takeOff(newFlight(filler));
  }

  /** What was given a nonce that is far off by an endpoint's error: whoever wants it sends it again. */
  #giveUpFar(first: number): void {
    for (const flight of this.flights.filter(({ transaction }) => transaction.nonce >= first)) {
      const { nonce, name } = flight.transaction;
      const text = `${name} was given nonce ${nonce}, before which too many are unused: it is given up`;
      this.#tell("transaction-overtaken", { nonce, call: name }, text);
      this.#forget(flight);
      for (const waiter of [...flight.waiters]) waiter.settle(new PacelineError("chain-unreachable", text, { nonce }));
    }
  }

  #raiseFloor({ transaction }: Flight): void {
    const nonce = Math.max(this.#floor.nonce, transaction.nonce + 1);
    this.#floor = { nonce, at: this.#options.now() };
  }

  #forget({ transaction: { nonce } }: Flight): void {
    this.#flights.delete(nonce);
    this.#options.outbox.remove(nonce);
  }

  async #unaffordable({ name, gas, fees, value }: PendingTransaction, problem: unknown): Promise<PacelineError> {
    const { endpoint, signer } = this.#options;
    const needed = gas * fees.maxFeePerGas + value;
    const balance = await endpoint.client.getBalance({ address: signer.address }).catch(() => undefined);
    const missing = balance === undefined || balance > needed ? undefined : needed - balance;
    const text =
      missing === undefined
        ? "send it some of the chain's coin"
        : `send it at least ${missing} wei of the chain's coin`;
    const facts = { call: name, needed, balance, missing };
    return new PacelineError(
      "insufficient-funds",
      `${signer.address} has too little to pay for ${name}: ${text}`,
      facts,
      problem,
    );
  }

  #tellReplaced({ transaction }: Flight, isCancel: boolean): void {
    const { nonce, name, fees } = transaction;
    const facts = { nonce, call: name, ...fees };
    const price = `${gwei(fees.maxFeePerGas)} gwei`;
    if (isCancel)
      this.#tell("transaction-cancelled", facts, `${name} is of no use any more; its nonce is freed at ${price}`);
    else this.#tell("transaction-replaced", facts, `${name} is in no block yet; now offers up to ${price}`);
  }

  #tell(name: SenderEvent["name"], facts: SenderEvent["facts"], text: string): void {
    this.#options.onEvent({ name, facts, text });
  }
}

/** In a block, and whoever waited knows. */
function isOver(flight: Flight): boolean {
  return flight.landing !== undefined && flight.isReported;
}

function gwei(wei: bigint): string {
  return (Number(wei) / 1e9).toPrecision(4);
}
