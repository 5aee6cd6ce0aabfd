import type { ChainSnapshot, JobChain, Receipt } from "../chain/chain.ts";

/** What a peer needs of the world to see a chain, and to act upon it. */
export interface ChainWorld {
  /** Puts what `send` does into a block after a while; the outcome is what the sender is told. */
  transact(call: string, send: () => Promise<Receipt>): Promise<Receipt>;
  /** Calls back with what stands, a while after every block. @returns stops */
  watch(onSnapshot: (snapshot: ChainSnapshot) => void): () => void;
}

/** What is not a transaction. */
const READS: readonly string[] = [
  "snapshot",
  "watch",
  "history",
  "forgetHistory",
  "isOperator",
  "contacts",
  "answers",
  "roundRecord",
] satisfies (keyof JobChain)[];

/** A job as it looks from where blocks and transactions take their time. */
export function virtualChain(chain: JobChain, world: ChainWorld): JobChain {
  const writes = Object.entries(chain as unknown as Readonly<Record<string, unknown>>).flatMap(([call, method]) => {
    if (typeof method !== "function" || READS.includes(call)) return [];
    const send = method as (...args: readonly unknown[]) => Promise<Receipt>;
    return [[call, (...args: readonly unknown[]) => world.transact(call, () => send(...args))] as const];
  });
  return { ...chain, ...Object.fromEntries(writes), watch: (onSnapshot) => world.watch(onSnapshot) };
}
