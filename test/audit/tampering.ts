import {
  createPublicClient,
  custom,
  decodeEventLog,
  decodeFunctionData,
  encodeAbiParameters,
  encodeEventTopics,
  encodeFunctionData,
  type Abi,
  type AbiEvent,
  type RpcLog,
} from "viem";
import { courtAbi, jobAbi, treasuryAbi } from "../../node/chain/abi.ts";
import type { Endpoint } from "../../node/chain/endpoint.ts";
import type { Hex } from "../../node/core/bytes.ts";

/** Endpoints that lie: what they change of an answer, everything else passes. */
export type Tampering = (method: string, result: unknown) => unknown;

type Fields = Record<string, unknown>;

/** An endpoint that asks the one behind it everything once. */
export function remembering(endpoint: Endpoint): Endpoint {
  const known = new Map<string, Promise<unknown>>();
  return tampered(endpoint, undefined, (request, ask) => {
    const key = JSON.stringify(request);
    const answer = known.get(key) ?? ask();
    known.set(key, answer);
    return answer;
  });
}

/** An endpoint in front of another one. */
export function tampered(
  endpoint: Endpoint,
  tampering: Tampering = (_, result) => result,
  answer: (request: unknown, ask: () => Promise<unknown>) => Promise<unknown> = (_, ask) => ask(),
): Endpoint {
  const request = async ({ method, params }: { method: string; params?: unknown }): Promise<unknown> => {
    const ask = (): Promise<unknown> => endpoint.client.request({ method, params } as never);
    return tampering(method, structuredClone(await answer({ method, params }, ask)));
  };
  return {
    ...endpoint,
    client: createPublicClient({ transport: custom({ request }, { retryCount: 0 }), cacheTime: 0 }),
  };
}

const EVENTS = [...jobAbi, ...treasuryAbi] as Abi;

/** @param change of the arguments of the first event that fits; whether it did */
export function inLog(name: string, round: number | undefined, change: (args: Fields) => void): Tampering {
  return (method, result) => {
    if (method !== "eth_getLogs") return result;
    for (const log of result as RpcLog[]) {
      const event = decoded(log);
      if (event?.name !== name || (round !== undefined && event.args["round"] !== round)) continue;
      change(event.args);
      const item = EVENTS.find((each): each is AbiEvent => each.type === "event" && each.name === name)!;
      log.topics = encodeEventTopics({ abi: [item], eventName: name, args: event.args } as never) as [Hex, ...Hex[]];
      const plain = item.inputs.filter(({ indexed }) => indexed !== true);
      log.data = encodeAbiParameters(
        plain,
        plain.map((input) => event.args[input.name!]),
      );
      break;
    }
    return result;
  };
}

function decoded(log: RpcLog): { name: string; args: Fields } | undefined {
  try {
    const { eventName, args } = decodeEventLog({ abi: EVENTS, data: log.data, topics: log.topics as [Hex] });
    return { name: eventName ?? "", args: args as unknown as Fields };
  } catch {
    return undefined;
  }
}

const CALLS = [...jobAbi, ...courtAbi] as Abi;

interface RpcBlock {
  number: Hex;
  hash: Hex;
  timestamp: Hex;
  transactions: (Hex | { input: Hex; hash: Hex })[];
}

/** @param nth call of the function, from 0 @param change of its arguments */
export function inCalldata(functionName: string, nth: number, change: (args: unknown[]) => void): Tampering {
  const seen = new Map<Hex, boolean>();
  return inBlocks(({ transactions }) => {
    for (const transaction of transactions) {
      if (typeof transaction === "string") continue;
      const call = decodedCall(transaction.input);
      if (call?.name !== functionName) continue;
      if (!seen.has(transaction.hash)) seen.set(transaction.hash, seen.size === nth);
      if (seen.get(transaction.hash) !== true) continue;
      change(call.args);
      transaction.input = encodeFunctionData({ abi: CALLS, functionName, args: call.args });
    }
  });
}

function decodedCall(input: Hex): { name: string; args: unknown[] } | undefined {
  try {
    const { functionName, args } = decodeFunctionData({ abi: CALLS, data: input });
    return { name: functionName, args: [...((args ?? []) as readonly unknown[])] };
  } catch {
    return undefined;
  }
}

export function inBlocks(change: (block: RpcBlock) => void): Tampering {
  return (method, result) => {
    if (method === "eth_getBlockByNumber" && result !== null) change(result as RpcBlock);
    return result;
  };
}

/** The same bytes but for one bit of the last. */
export function flipped(bytes: unknown): Hex {
  const text = String(bytes);
  const last = parseInt(text.slice(-2), 16) ^ 1;
  return `${text.slice(0, -2)}${last.toString(16).padStart(2, "0")}` as Hex;
}
