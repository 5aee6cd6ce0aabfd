import { messageOf, PacelineError } from "../../core/errors.ts";
import type { EndpointEvent } from "./events.ts";
import { toHead } from "./head.ts";
import { failed, lags, ofWrongChain, preference, succeeded, UNKNOWN, type Health } from "./health.ts";
import type { RpcNode } from "./node.ts";
import { isAnswer } from "./refusals.ts";

/** How one endpoint of several stands. */
export interface EndpointStatus {
  readonly name: string;
  readonly state: "used" | "ready" | "behind" | "down" | "wrong-chain" | "contradicts";
  readonly head: number | undefined;
  /** Milliseconds of an answer. */
  readonly latency: number;
}

export interface MemberOptions {
  readonly chainId: number;
  readonly onEvent: (event: EndpointEvent) => void;
  /** Milliseconds, ever rising. */
  readonly now: () => number;
}

/** The endpoints of a pool, each with what its answers said of its health. */
export class PoolMembers {
  readonly nodes: readonly RpcNode[];
  readonly #options: MemberOptions;
  #health: readonly Health[];
  #used = 0;

  constructor(nodes: readonly RpcNode[], options: MemberOptions) {
    this.nodes = nodes;
    this.#options = options;
    this.#health = nodes.map(() => UNKNOWN);
  }

  get health(): readonly Health[] {
    return this.#health;
  }

  /** Index of the one that is read from. Tells when that changes. */
  best(): number {
    const [first = this.#used] = preference(this.#health, this.#used, this.#options.now());
    if (first !== this.#used) {
      const before = this.nodes[this.#used]!.name;
      this.#used = first;
      const { name } = this.nodes[first]!;
      this.tell("endpoint-used", { endpoint: name, before }, `reading the chain from ${name} instead of ${before}`);
    }
    return first;
  }

  /** Indices of those that may be read from, best first. */
  order(): readonly number[] {
    return preference(this.#health, this.best(), this.#options.now());
  }

  /** Not waiting for its next try. */
  isReady(index: number): boolean {
    return this.#health[index]!.retryAt <= this.#options.now();
  }

  /** Asks one, and keeps what that says of its health. Throws as `RpcNode.request`, or PacelineError `wrong-chain`. */
  async ask(index: number, method: string, params: unknown): Promise<unknown> {
    const start = this.#options.now();
    try {
      await this.#requireRightChain(index);
      const answer = await this.nodes[index]!.request(method, params);
      this.#succeed(index, this.#options.now() - start);
      const isHead = method === "eth_getBlockByNumber" && Array.isArray(params) && params[0] === "latest";
      if (isHead && answer !== null) this.#set(index, { head: toHead(answer) });
      return answer;
    } catch (error) {
      if (isAnswer(error)) this.#succeed(index, this.#options.now() - start);
      else this.#fail(index, error);
      throw error;
    }
  }

  /** It was asked and is silent while another one has answered: the others come first until it has answered again. */
  outpaced(index: number): void {
    this.#fail(index, new Error("silent for long"));
  }

  setContradicts(index: number, contradicts: boolean): void {
    this.#set(index, { contradicts });
  }

  status(): readonly EndpointStatus[] {
    const used = this.best();
    return this.nodes.map(({ name }, index) => {
      const { head, latency } = this.#health[index]!;
      return { name, state: this.#stateOf(index, used), head: head?.number, latency: Math.round(latency) };
    });
  }

  tell(name: EndpointEvent["name"], facts: EndpointEvent["facts"], text: string): void {
    this.#options.onEvent({ name, facts, text });
  }

  #stateOf(index: number, used: number): EndpointStatus["state"] {
    const health = this.#health[index]!;
    if (health.rightChain === false) return "wrong-chain";
    if (health.contradicts) return "contradicts";
    if (health.failures > 0) return "down";
    if (index === used) return "used";
    return lags(health, this.#health) ? "behind" : "ready";
  }

  async #requireRightChain(index: number): Promise<void> {
    const { rightChain } = this.#health[index]!;
    if (rightChain === true) return;
    const node = this.nodes[index]!;
    const chainId = Number(await node.request("eth_chainId", []));
    const { chainId: expectedChainId, now } = this.#options;
    if (chainId === expectedChainId) return this.#set(index, { rightChain: true });
    this.#replace(index, ofWrongChain(this.#health[index]!, now()));
    const facts = { endpoint: node.name, chainId, expectedChainId };
    const text = `${node.name} serves chain ${chainId}, not ${expectedChainId}, and is not used: check --rpc`;
    if (rightChain === undefined) this.tell("endpoints-disagree", facts, text);
    throw new PacelineError("wrong-chain", text, facts);
  }

  #succeed(index: number, latency: number): void {
    const before = this.#health[index]!;
    this.#replace(index, succeeded(before, Math.max(latency, 1)));
    if (before.failures === 0 || this.nodes.length === 1) return;
    const { name } = this.nodes[index]!;
    this.tell("endpoint-back", { endpoint: name }, `${name} answers again`);
  }

  #fail(index: number, error: unknown): void {
    const before = this.#health[index]!;
    if (before.rightChain === false) return;
    this.#replace(index, failed(before, this.#options.now()));
    if (before.failures > 0 || this.nodes.length === 1) return;
    const { name } = this.nodes[index]!;
    const reason = messageOf(error).split("\n")[0] ?? "";
    this.tell("endpoint-down", { endpoint: name, reason }, `${name} does not answer (${reason}); others are asked`);
  }

  #set(index: number, change: Partial<Health>): void {
    this.#replace(index, { ...this.#health[index]!, ...change });
  }

  #replace(index: number, health: Health): void {
    this.#health = this.#health.with(index, health);
  }
}
