import type { BenchOptions, BenchResult } from "./benchResult.ts";

/** Benchmarks by name, each loaded when it is run. */
export const BENCHES: Readonly<Record<string, (options: BenchOptions) => Promise<BenchResult>>> = {
  train: async () => (await import("./train.ts")).benchTrain(),
  accuracy: async (options) => (await import("./accuracy.ts")).benchAccuracy(options),
  aggregate: async () => (await import("./aggregate.ts")).benchAggregate(),
  gas: async () => (await import("./gas.ts")).benchGas(),
  network: async (options) => (await import("./network.ts")).benchNetwork(options),
  round: async (options) => (await import("./round.ts")).benchRound(options),
  virtual: async (options) => (await import("./virtual.ts")).benchVirtual(options),
};
