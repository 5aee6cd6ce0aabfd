import {
  BaseError,
  createPublicClient,
  custom,
  encodeAbiParameters,
  encodeFunctionData,
  toFunctionSelector,
  type AbiFunction,
  type AbiParameter,
} from "viem";
import { decodeCall } from "../../../node/audit/calls.ts";
import { jobAbi } from "../../../node/chain/abi.ts";
import type { Endpoint } from "../../../node/chain/endpoint.ts";
import { checkAnswer } from "../../../node/chain/endpoints/answers.ts";
import { openNode } from "../../../node/chain/endpoints/node.ts";
import { createNodeSocket } from "../../../node/chain/endpoints/nodeSocket.ts";
import { readRound } from "../../../node/chain/snapshots.ts";
import { readTerms } from "../../../node/chain/viemJob.ts";
import { fromHex, keccakWords, toHex, type Hex } from "../../../node/core/bytes.ts";
import { jsonBytes, textOf, valueOf, type Decoder } from "../decoder.ts";

const word = keccakWords(3);
const header = {
  number: "0x10",
  hash: word,
  parentHash: word,
  timestamp: "0x65",
  baseFeePerGas: "0x7",
  transactions: [word],
};
const address = `0x${"0b".repeat(20)}` as const;
const log = {
  address,
  topics: [word, word],
  data: "0x0102",
  blockNumber: "0x10",
  blockHash: word,
  logIndex: "0x0",
  transactionHash: word,
  transactionIndex: "0x0",
};
const receipt = {
  transactionHash: word,
  blockHash: word,
  blockNumber: "0x10",
  gasUsed: "0x5208",
  status: "0x1",
  logs: [log],
};
const feeHistory = { oldestBlock: "0x1", baseFeePerGas: ["0x7", "0x8"], reward: [["0x1"]] };
const results: Readonly<Record<string, unknown>> = {
  eth_blockNumber: "0x10",
  eth_getBlockByNumber: header,
  eth_getLogs: [log],
  eth_getTransactionReceipt: receipt,
  eth_feeHistory: feeHistory,
  eth_call: "0x0102",
};
const answers = Object.values(results).map((result) => ({ jsonrpc: "2.0", id: 1, result }));
const isViems = (error: unknown): boolean => error instanceof BaseError;

/** The pages that `fetch` answers with, in place of a server's. */
function httpFed(): Pick<Decoder, "feed" | "close"> {
  const real = globalThis.fetch;
  let next = "";
  const node = openNode("http://127.0.0.1:1/key", 60_000);
  return {
    async feed(input) {
      next = textOf(input);
      globalThis.fetch = () => Promise.resolve(new Response(next, { headers: { "content-type": "application/json" } }));
      await node.request("eth_anything", []);
      return true;
    },
    close() {
      globalThis.fetch = real;
    },
  };
}

/** A WebSocket whose other end is the test. */
class FakeSocket extends EventTarget {
  static newest: FakeSocket | undefined;
  static readonly OPEN = 1;
  readyState = 0;
  sent: (() => void) | undefined;

  constructor() {
    super();
    FakeSocket.newest = this;
    queueMicrotask(() => {
      this.readyState = 1;
      this.dispatchEvent(new Event("open"));
    });
  }

  send(): void {
    this.sent?.();
  }

  close(): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.dispatchEvent(new Event("close"));
  }
}

/** One question, one thing that the node says, and then it hangs up: whoever asked is answered, or told. */
async function socketFed(input: Uint8Array): Promise<boolean> {
  const real = globalThis.WebSocket;
  globalThis.WebSocket = FakeSocket as unknown as typeof WebSocket;
  const socket = createNodeSocket("ws://127.0.0.1:1/key", 60_000);
  try {
    const answered = socket.request({ method: "eth_blockNumber", params: [] });
    const connection = FakeSocket.newest!;
    connection.sent = () =>
      queueMicrotask(() => {
        connection.dispatchEvent(new MessageEvent("message", { data: textOf(input) }));
        connection.close();
      });
    await answered;
    return true;
  } finally {
    socket.close();
    globalThis.WebSocket = real;
  }
}

/** The smallest value of an ABI type, with one item in every list. */
function leastOf({ type, components = [] }: AbiParameter & { readonly components?: readonly AbiParameter[] }): unknown {
  const [, inner, count] = /^(.*)\[(\d*)\]$/.exec(type) ?? [];
  if (inner !== undefined)
    return Array.from({ length: Number(count || 1) }, () => leastOf({ type: inner, components }));
  if (type === "tuple") return Object.fromEntries(components.map((part) => [part.name, leastOf(part)]));
  if (type === "bool") return true;
  if (type === "address") return address;
  const size = /^bytes(\d*)$/.exec(type)?.[1];
  return size === undefined ? (type === "string" ? "one" : 1n) : `0x${"01".repeat(Number(size || 3))}`;
}

const VIEWS = jobAbi.filter(
  (item) => item.type === "function" && ["view", "pure"].includes(item.stateMutability),
) as readonly AbiFunction[];
const returned = (view: AbiFunction): Hex => encodeAbiParameters(view.outputs, view.outputs.map(leastOf));

/** Reads of a job where one of its views returns the input from the second byte on, and the others what is right. */
function readsFed(): (input: Uint8Array) => Promise<boolean> {
  let changed: AbiFunction | undefined;
  let data: Hex = "0x";
  const answerTo = (call: Hex): Hex => {
    const view = VIEWS.find((each) => toFunctionSelector(each) === call.slice(0, 10));
    return view === undefined || view === changed ? data : returned(view);
  };
  const request = ({ method, params }: { method: string; params: unknown }): Promise<unknown> => {
    if (method !== "eth_call") return Promise.resolve(method === "eth_getBlockByNumber" ? header : "0x10");
    return Promise.resolve(answerTo((params as readonly [{ readonly data: Hex }])[0].data));
  };
  const client = createPublicClient({ transport: custom({ request }, { retryCount: 0 }), cacheTime: 0 });
  const head = (): Promise<unknown> => Promise.resolve({ number: 16, hash: word, parentHash: word, timestamp: 101 });
  const endpoint = { client, chainId: 1, confirmations: 0, url: "", head, compareLater: () => undefined };
  return async (input) => {
    const at = input[0] ?? 0;
    changed = VIEWS[READ[at % READ.length]!.view];
    data = toHex(input.subarray(1));
    await READ[at % READ.length]!.read(endpoint as unknown as Endpoint, address);
    return true;
  };
}

const viewNamed = (name: string): number => VIEWS.findIndex((view) => view.name === name);
const READ = [
  { view: viewNamed("roundView"), read: readRound },
  { view: viewNamed("members"), read: readRound },
  { view: viewNamed("memberCount"), read: readRound },
  { view: viewNamed("terms"), read: readTerms },
] as const;
const reads = READ.map(({ view }, at) => new Uint8Array([at, ...fromHex(returned(VIEWS[view]!))]));

const calls = [
  encodeFunctionData({ abi: jobAbi, functionName: "join", args: [5n] }),
  encodeFunctionData({ abi: jobAbi, functionName: "commitBatch", args: [[]] }),
  encodeFunctionData({ abi: jobAbi, functionName: "advance" }),
];

export const chainDecoders: readonly Decoder[] = [
  {
    name: "checkAnswer, for every method",
    form: "json",
    samples: () => Object.values(results).map(jsonBytes),
    feed(input) {
      const value = valueOf(input);
      return Object.keys(results).filter((method) => isRight(method, value)).length > 0;
    },
  },
  {
    name: "JSON-RPC by HTTP",
    form: "json",
    samples: () => answers.map(jsonBytes),
    ...httpFed(),
    documents: isViems,
  },
  {
    name: "JSON-RPC by WebSocket",
    form: "json",
    samples: () => answers.map(jsonBytes),
    feed: socketFed,
    documents: isViems,
  },
  {
    name: "what contracts return",
    form: "bytes",
    samples: () => reads,
    feed: readsFed(),
    codes: ["rejected", "wrong-chain", "chain-unreachable"],
    documents: isViems,
  },
  {
    name: "decodeCall, for calldata",
    form: "bytes",
    samples: () => calls.map(fromHex),
    feed: (input) => decodeCall({ input: toHex(input) }) !== undefined,
  },
];

/** Whether it is let through; only viem's errors say that it is not. */
function isRight(method: string, value: unknown): boolean {
  try {
    return checkAnswer(method, value, "a node") === value;
  } catch (error) {
    if (isViems(error)) return false;
    throw error;
  }
}
