import { decodeAbiParameters, type Address, type Hex, type PublicClient } from "viem";
import type { Build } from "./build.ts";

/**
 * How a contract was made. Runtime code alone does not tell what a constructor wrote into storage, and a forged constructor
 * can leave the right code over wrong ledgers or a hidden admin.
 */

/**
 * The input of the transaction that made `address`: creation code and constructor arguments. Undefined where the endpoint
 * keeps no state that old, or where another contract made it.
 */
export async function readCreation(client: PublicClient, address: Address): Promise<Hex | undefined> {
  try {
    const blockNumber = await firstBlockWithCode(client, address);
    const { transactions } = await client.getBlock({ blockNumber, includeTransactions: true });
    for (const { hash, input, to } of transactions) {
      if (to !== null) continue;
      const { contractAddress } = await client.getTransactionReceipt({ hash });
      if (contractAddress?.toLowerCase() === address.toLowerCase()) return input;
    }
  } catch {
    // An endpoint without an archive.
  }
  return undefined;
}

async function firstBlockWithCode(client: PublicClient, address: Address): Promise<bigint> {
  let [without, has] = [-1n, await client.getBlockNumber()];
  while (has - without > 1n) {
    const blockNumber = (without + has) / 2n;
    const code = await client.getCode({ address, blockNumber });
    if (code === undefined || code === "0x") without = blockNumber;
    else has = blockNumber;
  }
  return has;
}

/** The constructor's arguments by name, or undefined where `input` is not this contract's creation code. */
export function argumentsIn({ abi, creation }: Build, input: Hex): Readonly<Record<string, unknown>> | undefined {
  if (!input.startsWith(creation)) return undefined;
  const inputs = abi.find((item) => item.type === "constructor")?.inputs ?? [];
  const values = decodeAbiParameters(inputs, `0x${input.slice(creation.length)}`);
  return Object.fromEntries(inputs.map(({ name }, index) => [name ?? String(index), values[index]]));
}
