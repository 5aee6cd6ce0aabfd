import { toHex, type Hash } from "viem";
import type { Hex } from "../core/bytes.ts";
import { PacelineError } from "../core/errors.ts";
import type { Endpoint } from "./endpoint.ts";
import { toHead, type Head } from "./endpoints/head.ts";

/** Blocks by their number on the branch that counts now, and by their hash on whatever branch. Throws viem's errors. */

export async function readBlockAt({ client }: Endpoint, number: number): Promise<Head | undefined> {
  const block = await client.request({ method: "eth_getBlockByNumber", params: [toHex(number), false] });
  return block === null ? undefined : toHead(block);
}

export async function readBlockOf({ client }: Endpoint, hash: Hex): Promise<Head | undefined> {
  const block = await client.request({ method: "eth_getBlockByHash", params: [hash as Hash, false] });
  return block === null ? undefined : toHead(block);
}

/** The newest block that has the endpoint's confirmations; the first one of a chain that is too short. */
export async function readConfirmed(endpoint: Endpoint, newest?: Head): Promise<Head> {
  const head = newest ?? (await endpoint.head());
  if (endpoint.confirmations === 0) return head;
  const number = Math.max(0, head.number - endpoint.confirmations);
  const block = await readBlockAt(endpoint, number);
  if (block !== undefined) return block;
  throw new PacelineError("chain-unreachable", `the endpoint has block ${head.number} and not block ${number}`);
}
