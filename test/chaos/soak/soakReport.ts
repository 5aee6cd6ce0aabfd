import type { Course, Sample } from "./sample.ts";

export interface SoakOptions {
  readonly members: number;
  readonly rounds: number;
  /** Rounds after which nothing may grow any more. */
  readonly warmUpRounds: number;
  readonly seed: number;
  /** Rounds between samples; 5 unless told. */
  readonly sampleEvery?: number;
  /** Rounds between somebody's leaving and another one's joining, and between restarts; 25 and 4 unless told. */
  readonly churnEvery?: number;
  readonly onSample?: (sample: Sample) => void;
}

export interface SoakReport extends Omit<SoakOptions, "onSample"> {
  readonly seconds: number;
  readonly settled: number;
  readonly skipped: number;
  readonly restarts: number;
  readonly joins: number;
  readonly leaves: number;
  readonly samples: readonly Sample[];
  readonly courses: readonly Course[];
  /** What failed and was tried again, by its text. */
  readonly retried: Readonly<Record<string, number>>;
  readonly passed: boolean;
}
