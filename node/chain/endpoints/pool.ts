import { PacelineError } from "../../core/errors.ts";
import { Comparison, type Question } from "./comparison.ts";
import { toHead, type Head } from "./head.ts";
import { lags, reachedHeight } from "./health.ts";
import { askInTurn, type Outcome } from "./inTurn.ts";
import { PoolMembers, type EndpointStatus, type MemberOptions } from "./members.ts";
import type { RpcNode } from "./node.ts";
import { isAnswer, isKnownTransaction } from "./refusals.ts";

/** Passes over all endpoints before a request is given up, and the first pause between two. */
const PASSES = 3;
const PASS_PAUSE_MS = 150;
/** Before the next endpoint is asked beside one that is silent. */
const PATIENCE_MS = 2_000;
/** What good endpoints may be long about. */
const LONG_METHODS: ReadonlySet<string> = new Set(["eth_getLogs"]);

export interface PoolOptions extends MemberOptions {
  readonly confirmations: number;
  /** Milliseconds; `PATIENCE_MS` unless told. */
  readonly patienceMs?: number;
}

/**
 * Several endpoints that act as one. Reads go to one of them for as long as it answers and keeps up, and to the next at once when
 * it does not, or beside it when it is silent for long. Transactions go to all. Now and then all are asked the same: who contradicts most others is not used until it no
 * longer does; where no answer has a majority, transactions are refused with `endpoints-disagree`, because a key that acts on a lie
 * pays for it, and missing a turn costs less.
 */
export class EndpointPool {
  readonly #members: PoolMembers;
  readonly #comparison: Comparison;
  readonly #patienceMs: number;

  constructor(nodes: readonly RpcNode[], { patienceMs = PATIENCE_MS, ...options }: PoolOptions) {
    this.#patienceMs = patienceMs;
    this.#members = new PoolMembers(nodes, options);
    this.#comparison = new Comparison(this.#members, options.confirmations);
  }

  /** The one that is read from now. */
  get used(): RpcNode {
    return this.#members.nodes[this.#members.best()]!;
  }

  get size(): number {
    return this.#members.nodes.length;
  }

  status(): readonly EndpointStatus[] {
    return this.#members.status();
  }

  /** Throws viem's errors, or PacelineError `endpoints-disagree`, `wrong-chain`. */
  async request({ method, params }: Question): Promise<unknown> {
    if (method === "eth_sendRawTransaction") return this.#broadcast(params);
    for (let pass = 1; ; pass++) {
      const outcome = await this.#askInTurn(method, params);
      if ("answer" in outcome) return outcome.answer;
      if (isAnswer(outcome.problem) || outcome.problem instanceof PacelineError || pass === PASSES)
        throw outcome.problem;
      await new Promise((resolve) => setTimeout(resolve, PASS_PAUSE_MS * 2 ** (pass - 1)));
    }
  }

  /** The newest block of the endpoint that is read from. */
  async head(): Promise<Head> {
    return toHead(await this.request({ method: "eth_getBlockByNumber", params: ["latest", false] }));
  }

  /** Has all endpoints asked this at the next `probe`, when those that are a little behind know the block too. */
  compareLater(question: Question): void {
    if (this.size > 1) this.#comparison.add(question);
  }

  /** Looks how all endpoints stand, and whether they agree. Never throws. */
  async probe(): Promise<void> {
    await Promise.all(this.#members.nodes.map((_, index) => this.#probeOne(index)));
    await this.#comparison.run();
    this.#members.best();
  }

  #askInTurn(method: string, params: unknown): Promise<Outcome> {
    return askInTurn({
      order: this.#members.order(),
      ask: (index) => this.#members.ask(index, method, params),
      isNothing: (answer) => answer === null && method === "eth_getBlockByHash", // another one may have the block
      patienceMs: LONG_METHODS.has(method) ? Infinity : this.#patienceMs,
      onOutpaced: (index) => this.#members.outpaced(index),
    });
  }

  async #probeOne(index: number): Promise<void> {
    if (!this.#members.isReady(index)) return;
    const wasBehind = lags(this.#members.health[index]!, this.#members.health);
    await this.#members.ask(index, "eth_getBlockByNumber", ["latest", false]).catch(() => undefined);
    const { head, failures } = this.#members.health[index]!;
    if (wasBehind || failures > 0 || head === undefined || !lags(this.#members.health[index]!, this.#members.health))
      return;
    const { name } = this.#members.nodes[index]!;
    const reached = reachedHeight(this.#members.health);
    const text = `${name} is at block ${head.number} while others have ${reached}, and is not read from`;
    this.#members.tell("endpoint-lags", { endpoint: name, head: head.number, reached }, text);
  }

  /** To all; one that takes it is enough. A refusal counts only where no endpoint may have taken it unheard. */
  async #broadcast(params: unknown): Promise<unknown> {
    if (this.#comparison.isTied) {
      throw new PacelineError(
        "endpoints-disagree",
        "the endpoints contradict each other and none has a majority: no transaction is sent until they agree; remove the wrong one from --rpc, or add a third",
      );
    }
    const asked = [...this.#members.nodes.keys()].filter((index) => this.#members.health[index]!.rightChain !== false);
    const ready = asked.filter((index) => this.#members.isReady(index));
    try {
      return await Promise.any(asked.map((index) => this.#send(index, params)));
    } catch (error) {
      const problems = (error as AggregateError).errors as readonly unknown[];
      const counted = problems.filter((_, place) => ready.length === 0 || ready.includes(asked[place]!));
      throw counted.find((problem) => !isAnswer(problem)) ?? counted[0] ?? error;
    }
  }

  async #send(index: number, params: unknown): Promise<unknown> {
    try {
      return await this.#members.ask(index, "eth_sendRawTransaction", params);
    } catch (error) {
      if (isAnswer(error) && isKnownTransaction(error)) return undefined;
      throw error;
    }
  }
}
