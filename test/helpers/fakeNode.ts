import { HttpRequestError, RpcRequestError } from "viem";
import type { RpcNode } from "../../node/chain/endpoints/node.ts";
import { keccakWords, type Hex } from "../../node/core/bytes.ts";

/** A JSON-RPC endpoint that does what a test says, over a chain that is nothing but its height and its branch. */
export class FakeNode implements RpcNode {
  readonly name: string;
  readonly onBlock = undefined;
  chainId = 5;
  height = 100;
  /** Blocks above `fork` have other hashes on another branch. */
  branch = 0;
  fork = 0;
  isDown = false;
  /** Takes questions and answers none, until it speaks. */
  isSilent = false;
  readonly #held: (() => void)[] = [];
  /** What it says of a job; also to whoever sends it a transaction, where it is an error. */
  state: Hex | Error = "0x01";
  refusal: Error | undefined;
  readonly asked: string[] = [];
  readonly sent: unknown[] = [];

  constructor(name: string) {
    this.name = name;
  }

  hashOf(number: number): Hex {
    return keccakWords(number > this.fork ? this.branch : 0, Math.max(0, number));
  }

  async request(method: string, params: unknown): Promise<unknown> {
    this.asked.push(method);
    if (this.isDown) throw new HttpRequestError({ url: this.name, details: "no connection" });
    if (this.isSilent) await new Promise<void>((resolve) => this.#held.push(resolve));
    const [first] = params as readonly unknown[];
    switch (method) {
      case "eth_chainId":
        return `0x${this.chainId.toString(16)}`;
      case "eth_getBlockByNumber":
        return this.#header(first === "latest" ? this.height : Number(first));
      case "eth_call":
        if (this.state instanceof Error) throw this.state;
        return this.state;
      case "eth_sendRawTransaction":
        if (this.refusal !== undefined) throw this.refusal;
        this.sent.push(first);
        return keccakWords(1);
      default:
        throw rpcError(-32601, "no such method");
    }
  }

  /** Answers what it was asked. */
  speak(): void {
    this.isSilent = false;
    for (const answer of this.#held.splice(0)) answer();
  }

  close(): void {
    this.isDown = true;
  }

  #header(number: number): unknown {
    if (number > this.height) return null;
    const quantity = `0x${number.toString(16)}`;
    return { number: quantity, hash: this.hashOf(number), parentHash: this.hashOf(number - 1), timestamp: quantity };
  }
}

export function rpcError(code: number, message: string): Error {
  return new RpcRequestError({ body: {}, error: { code, message }, url: "" });
}
