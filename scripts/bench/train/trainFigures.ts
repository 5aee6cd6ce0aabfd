import type { BenchResult } from "../benchResult.ts";

/** One part of `bench -- train`. */
export type TrainFigures = Pick<BenchResult, "figures" | "peers">;
