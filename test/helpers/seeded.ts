/** Every property test draws the same cases in every run. */
export const SEEDED = { seed: 42, numRuns: 200 } as const;

/** For properties that take milliseconds a case. */
export const FEW = { seed: 42, numRuns: 25 } as const;
