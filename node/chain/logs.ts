import type { AbiEvent, Log } from "viem";
import type { Address } from "../core/bytes.ts";
import { messageOf, PacelineError } from "../core/errors.ts";
import type { Endpoint } from "./endpoint.ts";
import { shownUrl } from "./endpoints/url.ts";

/** Which of a contract's logs to read. */
export interface LogQuery {
  readonly address: Address;
  readonly events: readonly AbiEvent[];
  /** Values of indexed arguments, where there is one event. */
  readonly args?: Readonly<Record<string, unknown>>;
}

/** Blocks of the first look back, and how much farther each next one goes. */
const FIRST_LOOK = 1_000;
const LOOK_GROWTH = 8;
/** How endpoints that bound a request say so: they agree on no code. */
const TOO_MUCH = /block range|range (is )?too|too (large|wide)|more than \d+|results|response size|max(imum)? .*range/i;

/**
 * All logs from `fromBlock` to `toBlock`, oldest first. Where the endpoint refuses so many blocks or logs at once, it is asked
 * for half of them at a time. Throws PacelineError `chain-unreachable`.
 */
export function readLogs(
  endpoint: Endpoint,
  query: LogQuery,
  fromBlock: number,
  toBlock: number | "latest" = "latest",
): Promise<Log[]> {
  return readInParts(endpoint, fromBlock, toBlock, (from, to) => requestLogs(endpoint, query, from, to));
}

/** The same for any request of logs. Throws PacelineError `chain-unreachable`. */
export async function readInParts<T>(
  endpoint: Endpoint,
  fromBlock: number,
  toBlock: number | "latest",
  request: (fromBlock: number, toBlock: number | "latest") => Promise<readonly T[]>,
): Promise<T[]> {
  try {
    return [...(await request(fromBlock, toBlock))];
  } catch (error) {
    const last = toBlock === "latest" ? Number(await endpoint.client.getBlockNumber()) : toBlock;
    if (!TOO_MUCH.test(messageOf(error)) || fromBlock >= last) throw unreadable(endpoint, error);
    const middle = Math.floor((fromBlock + last) / 2);
    const older = await readInParts(endpoint, fromBlock, middle, request);
    return [...older, ...(await readInParts(endpoint, middle + 1, toBlock, request))];
  }
}

/** The newest log from `oldest` to `newest`, looked for backwards in growing steps; undefined for none. Throws as `readLogs`. */
export async function findLastLog(
  endpoint: Endpoint,
  query: LogQuery,
  newest: number,
  oldest: number,
): Promise<Log | undefined> {
  for (let to = newest, blocks = FIRST_LOOK; to >= oldest; to -= blocks, blocks *= LOOK_GROWTH) {
    const logs = await readLogs(endpoint, query, Math.max(oldest, to - blocks + 1), to);
    if (logs.length > 0) return logs[logs.length - 1];
  }
  return undefined;
}

function requestLogs(
  { client }: Endpoint,
  { address, events, args }: LogQuery,
  fromBlock: number,
  toBlock: number | "latest",
): Promise<Log[]> {
  const range = { address, fromBlock: BigInt(fromBlock), toBlock: toBlock === "latest" ? toBlock : BigInt(toBlock) };
  const [event, ...others] = events;
  const wanted = event !== undefined && others.length === 0 ? { event, args } : { events };
  return client.getLogs({ ...range, ...wanted } as never);
}

function unreadable(endpoint: Endpoint, error: unknown): PacelineError {
  return error instanceof PacelineError
    ? error
    : new PacelineError("chain-unreachable", `${shownUrl(endpoint.url)} did not give the contracts' events`, {}, error);
}
