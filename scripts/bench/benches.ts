import type { BenchResult } from "./benchResult.ts";

/** Benchmarks by name, each loaded when it is run. */
export const BENCHES: Readonly<Record<string, () => Promise<BenchResult>>> = {
  train: async () => (await import("./train.ts")).benchTrain(),
  aggregate: async () => (await import("./aggregate.ts")).benchAggregate(),
  gas: async () => (await import("./gas.ts")).benchGas(),
  round: async () => (await import("./round.ts")).benchRound(),
};
