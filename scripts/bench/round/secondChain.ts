import type { ChainProcess } from "../../../node/cli/simulation/chainProcess.ts";

/** From now on the chain makes a block a second, and none for a transaction. */
export async function mineEverySecond({ httpUrl }: Pick<ChainProcess, "httpUrl">): Promise<void> {
  await call(httpUrl, "evm_setIntervalMining", [1_000]);
  await call(httpUrl, "evm_setAutomine", [false]);
}

async function call(url: string, method: string, params: readonly unknown[]): Promise<void> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  const { error } = (await response.json()) as { readonly error?: { readonly message: string } };
  if (error !== undefined) throw new Error(`${method}: ${error.message}`);
}
