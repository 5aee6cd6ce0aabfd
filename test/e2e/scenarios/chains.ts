import { it } from "mocha";
import { startChain, type ChainProcess } from "../../../node/cli/simulation/chainProcess.ts";
import type { JobSpecInput } from "../../../node/daemon/job/jobSpec.ts";
import { findAnvil, startAnvil, type Anvil } from "../../helpers/anvil.ts";
import { openTestChain, type TestChain } from "../testChain.ts";

/** Where a scenario is played, and how long things take there. */
export interface Stage {
  readonly title: string;
  readonly relaySeconds: number;
  readonly phases: JobSpecInput["phases"];
  /** Longest wait for one event, in seconds. */
  readonly patience: number;
  open(): Promise<TestChain>;
  /** Everybody is enrolled: from here on blocks come as they do there. */
  begin(): Promise<void>;
}

/** Sets the chain's clock forward, ahead of the machine's, as both nodes can. */
export async function pass({ endpoint }: TestChain, seconds: number): Promise<void> {
  const request = (method: string, params: readonly unknown[]): Promise<unknown> =>
    endpoint.client.request({ method, params } as never);
  await request("evm_increaseTime", [seconds]);
  await request("evm_mine", []);
}

const LONG = { join: 600, unbond: 900 };

/** A block for each transaction, at once. */
export const hardhat: Stage = {
  title: "Hardhat's JSON-RPC node",
  relaySeconds: 0.5,
  phases: { ...LONG, commit: 30, share: 30, slot: 5, demand: 7, challenge: 16, score: 12, blocks: 1 },
  patience: 40,
  open: () => openTestChain(startChain),
  begin: () => Promise.resolve(),
};

/** A block a second, whether there is a transaction or not. @param binary anvil's */
export function anvilByTheSecond(binary: string): Stage {
  let anvil: Anvil | undefined;
  const open = async (): Promise<ChainProcess> => (anvil = await startAnvil(binary));
  return {
    title: "anvil with a block a second",
    relaySeconds: 2.5,
    phases: { ...LONG, commit: 60, share: 60, slot: 8, demand: 9, challenge: 30, score: 20, blocks: 2 },
    patience: 90,
    open: () => openTestChain(open),
    async begin() {
      await anvil?.mineEvery(1);
    },
  };
}

export function onBothChains(play: (stage: Stage) => void): void {
  play(hardhat);
  onAnvil(play);
}

/** Left out, and said to be, where there is no anvil. */
export function onAnvil(play: (stage: Stage) => void): void {
  const binary = findAnvil();
  if (binary === undefined) it.skip("the same on anvil (none here; npm has one for Linux on x64)");
  else play(anvilByTheSecond(binary));
}
