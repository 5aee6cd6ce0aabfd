import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { stopChild, type ChainProcess } from "../../node/cli/simulation/chainProcess.ts";

/** Foundry's chain. Unlike Hardhat's it makes blocks by the clock and reorganises. Its accounts are the same. */
export interface Anvil extends ChainProcess {
  rpc(method: string, ...params: readonly unknown[]): Promise<unknown>;
  /** From now on a block every so many seconds, and none for a transaction alone. */
  mineEvery(seconds: number): Promise<void>;
  /**
   * Replaces the last `depth` blocks by as many empty ones. Their transactions wait for a block again, as they do on a
   * public chain, or are lost.
   * @returns how many transactions were taken back
   */
  reorganise(depth: number, transactions: "wait again" | "are lost"): Promise<number>;
}

export interface AnvilOptions {
  /** Seconds between blocks; without it every transaction gets a block at once. */
  readonly blockTime?: number;
  readonly chainId?: number;
}

/** npm's package for Linux on x64, else what is on PATH; undefined where there is none. */
export function findAnvil(): string | undefined {
  try {
    return createRequire(import.meta.url).resolve("@foundry-rs/anvil-linux-amd64/bin/anvil");
  } catch {
    return spawnSync("anvil", ["--version"]).status === 0 ? "anvil" : undefined;
  }
}

/** The contracts are compiled for Osaka, which also bounds a transaction's gas (EIP-7825). */
const OSAKA = ["--hardfork", "osaka", "--enable-tx-gas-limit"];

export async function startAnvil(binary: string, { blockTime, chainId = 31337 }: AnvilOptions = {}): Promise<Anvil> {
  const args = ["--host", "127.0.0.1", "--port", "0", "--chain-id", String(chainId), ...OSAKA];
  const child = spawn(binary, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, NO_COLOR: "1" } });
  const httpUrl = `http://${await untilListening(child)}`;
  const rpc = (method: string, ...params: readonly unknown[]): Promise<unknown> => call(httpUrl, method, params);
  let pace = 0; // seconds between blocks; 0 is a block for every transaction
  const mineEvery = async (seconds: number): Promise<void> => {
    await rpc("evm_setAutomine", false);
    await rpc("evm_setIntervalMining", seconds);
    pace = seconds;
  };
  if (blockTime !== undefined) await mineEvery(blockTime);
  return {
    httpUrl,
    socketUrl: httpUrl.replace("http", "ws"),
    stop: () => stopChild(child),
    rpc,
    mineEvery,
    async reorganise(depth, transactions) {
      // No block may come in between.
      if (pace > 0) await rpc("evm_setIntervalMining", 0);
      try {
        const taken = await transactionsOf(rpc, depth);
        await rpc("anvil_reorg", depth, []);
        if (transactions === "wait again") for (const raw of taken) await waitAgain(rpc, raw);
        return taken.length;
      } finally {
        if (pace > 0) await rpc("evm_setIntervalMining", pace);
      }
    },
  };
}

/** Unless whoever sent it has seen the reorganisation, and was faster. */
async function waitAgain(rpc: Anvil["rpc"], raw: unknown): Promise<void> {
  try {
    await rpc("eth_sendRawTransaction", raw);
  } catch (error) {
    if (!/already imported/.test((error as Error).message)) throw error;
  }
}

/** Where it listens, "127.0.0.1:PORT". */
function untilListening(child: ChildProcess): Promise<string> {
  const lines: string[] = [];
  return new Promise((resolve, reject) => {
    const read = (line: string): void => {
      lines.push(line);
      const address = /^Listening on (\S+)/.exec(line)?.[1];
      if (address === undefined) return;
      child.off("close", onClose);
      // What it says of every call must be read on, or the pipe fills and it stops.
      for (const reader of readers) reader.off("line", read);
      resolve(address);
    };
    const onClose = (code: number | null): void => {
      reject(new Error(`anvil ended with code ${code ?? "none"}: ${lines.slice(-10).join(" ")}`));
    };
    const readers = [child.stdout!, child.stderr!].map((input) => createInterface({ input }).on("line", read));
    child.once("close", onClose);
    child.once("error", reject);
  });
}

async function call(url: string, method: string, params: readonly unknown[]): Promise<unknown> {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  const response = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
  const { result, error } = (await response.json()) as { result?: unknown; error?: { message: string } };
  if (error !== undefined) throw new Error(`${method}: ${error.message}`);
  return result;
}

/** The last `depth` blocks' transactions, signed, oldest first. */
async function transactionsOf(rpc: Anvil["rpc"], depth: number): Promise<unknown[]> {
  const newest = Number(await rpc("eth_blockNumber"));
  const raw: unknown[] = [];
  for (let number = newest - depth + 1; number <= newest; number++) {
    const block = (await rpc("eth_getBlockByNumber", `0x${number.toString(16)}`, false)) as { transactions: string[] };
    for (const hash of block.transactions) raw.push(await rpc("eth_getRawTransactionByHash", hash));
  }
  return raw;
}
