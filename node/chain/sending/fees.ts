import type { Fees } from "./outbox.ts";

/** What a transaction offers for a unit of gas (EIP-1559), in wei. */

/** What the node says of the newest blocks: base fees, the next block's last, and the tips that were paid. */
export interface FeeHistory {
  readonly baseFeePerGas: readonly bigint[];
  /** By block, one percentile; empty where the node keeps none. */
  readonly reward: readonly bigint[];
}

/** Validators of some chains take nothing without. */
const LEAST_TIP = 1_000_000n;
/** Room for the base fee to double, which takes it six full blocks. */
const BASE_FEE_FACTOR = 2n;
/** Nodes replace a transaction for 10 % more of both fees; an eighth is one step of the base fee. */
const BUMP_PER_MILLE = 1_125n;
const LEAST_BUMP_PER_MILLE = 1_100n;

const min = (left: bigint, right: bigint): bigint => (left < right ? left : right);
const max = (left: bigint, right: bigint): bigint => (left > right ? left : right);
const raised = (fee: bigint, perMille: bigint): bigint => max((fee * perMille + 999n) / 1_000n, fee + 1n);

/** @param cap of `maxFeePerGas` */
export function suggestFees({ baseFeePerGas, reward }: FeeHistory, cap: bigint): Fees {
  const next = baseFeePerGas[baseFeePerGas.length - 1] ?? 0n;
  const tips = [...reward].sort((left, right) => (left < right ? -1 : left > right ? 1 : 0));
  const tip = max(LEAST_TIP, tips[Math.floor(tips.length / 2)] ?? 0n);
  const maxFeePerGas = min(cap, next * BASE_FEE_FACTOR + tip);
  return { maxFeePerGas, maxPriorityFeePerGas: min(tip, maxFeePerGas) };
}

/**
 * What replaces a transaction that offers `fees`: an eighth more, or what is usual now if that is more.
 * @returns undefined where the cap leaves too little room for nodes to take it
 */
export function bumpFees(fees: Fees, usual: Fees, cap: bigint): Fees | undefined {
  const wanted = max(raised(fees.maxFeePerGas, BUMP_PER_MILLE), usual.maxFeePerGas);
  const maxFeePerGas = min(cap, wanted);
  const tip = max(raised(fees.maxPriorityFeePerGas, BUMP_PER_MILLE), usual.maxPriorityFeePerGas);
  const maxPriorityFeePerGas = min(tip, maxFeePerGas);
  const isEnough =
    maxFeePerGas >= raised(fees.maxFeePerGas, LEAST_BUMP_PER_MILLE) &&
    maxPriorityFeePerGas >= raised(fees.maxPriorityFeePerGas, LEAST_BUMP_PER_MILLE);
  return isEnough ? { maxFeePerGas, maxPriorityFeePerGas } : undefined;
}
