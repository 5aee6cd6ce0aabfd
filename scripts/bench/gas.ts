import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { BenchResult } from "./benchResult.ts";
import { floorsOf } from "./gas/floors.ts";
import { measureCohort, type MeasuredCohort } from "./gas/measure.ts";
import { versionOf } from "./versionOf.ts";

/** Why a figure is above its floor, where it is by more than arithmetic and memory. */
const WHY = {
  commit: "one call through the clone, and the checks of phase, place and operator",
  commitBatched:
    "the transaction's own 21,000 and the close of the phase are shared by 32; the rest decodes and hashes",
  certifyPerUpdate:
    "each opening is hashed three times (commitment, salt, include set), and equal roots are looked for; logged for all who prove",
  settlePerMember: "medians of seven vectors, the split to the wei with its sort, and the encoding of the log",
  roundPerParticipant: "all of the above; the draw's walk down the tree, the committee's messages",
  wrongLeafProof:
    "nothing: the bytes of the leaves and their paths cost 40 gas each (EIP-7623), and the proof's hashing less than that",
  createJob: "the bounds of 35 terms, and the call by which the new clone starts",
} as const;

/** What the tests hold the contracts to, so that a cost shows in the diff. */
export const GAS_FILE = fileURLToPath(new URL("../../test/gas.json", import.meta.url));

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function figuresOf({ ownCommits, round, settlement, ...single }: MeasuredCohort, cohort: number) {
  const total = Object.values(round).reduce((sum, { gas }) => sum + gas, 0);
  return {
    commit: mean(ownCommits.map(({ gas }) => gas)),
    commitBatched: round.commits.gas / cohort,
    certifyPerUpdate: round.share.gas / cohort,
    settlePerMember: (settlement.with.gas - settlement.without.gas) / cohort,
    roundPerParticipant: total / cohort,
    wrongLeafProof: single.wrongLeafProof.gas,
    createJob: single.createJob.gas,
  };
}

/** With this appended to its name, rounded to whole gas. */
function named(figures: Readonly<Record<string, number>>, suffix: string): [string, number][] {
  return Object.entries(figures).map(([name, gas]) => [`${name}${suffix}`, Math.round(gas)]);
}

/** Figures and floors for a cohort of 32, and of 8 with the suffix `8`; a committee of 7. */
export async function measureGas(): Promise<Required<Pick<BenchResult, "figures" | "floors">>> {
  const figures: [string, number][] = [];
  const floors: [string, number][] = [];
  for (const [cohort, suffix] of [
    [32, ""],
    [8, "8"],
  ] as const) {
    const measured = await measureCohort(cohort);
    figures.push(...named(figuresOf(measured, cohort), suffix));
    floors.push(...named(floorsOf(measured, cohort), suffix));
  }
  return { figures: Object.fromEntries(figures), floors: Object.fromEntries(floors) };
}

/** Measures, and writes `test/gas.json` anew. */
export async function benchGas(): Promise<BenchResult> {
  const measured = await measureGas();
  writeFileSync(GAS_FILE, `${JSON.stringify(measured, undefined, 2)}\n`);
  return {
    ...measured,
    why: WHY,
    peers: {},
    versions: { hardhat: versionOf("hardhat"), solc: versionOf("solc") },
  };
}
