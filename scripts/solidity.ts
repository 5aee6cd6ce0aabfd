// `node scripts/solidity.ts [--times N] [--seed HEX] [FILE ...]`: the Solidity tests, each fuzz test and invariant with N
// times the runs that hardhat.config.ts gives it; ends with "N passed, N failed". `--seed random` tries cases that no run
// before it tried, and says how to try them again.
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { createHardhatRuntimeEnvironment } from "hardhat/hre";
import type { Result } from "hardhat/types/utils";
import config from "../hardhat.config.ts";

interface Counts {
  readonly passed: number;
  readonly failed: number;
}

/** What the task resolves with, whether or not a test failed (Hardhat's builtin-plugins/solidity-test/task-action). */
interface Outcome {
  readonly suiteResults: readonly { readonly testResults: readonly { readonly status: string }[] }[];
}

async function runSolidityTests(files: readonly string[], times: number, seed: string | undefined): Promise<Counts> {
  const hre = await createHardhatRuntimeEnvironment(config);
  for (const { fuzz, invariant } of Object.values(hre.config.test.solidity.profiles)) {
    if (fuzz.runs === undefined || invariant?.runs === undefined) throw new Error("hardhat.config.ts gives no runs");
    fuzz.runs *= times;
    invariant.runs *= times;
    if (seed !== undefined) fuzz.seed = seed;
  }
  const run = (await hre.tasks.getTask(["test", "solidity"]).run({ testFiles: [...files] })) as Result<
    Outcome,
    Outcome
  >;
  const { suiteResults } = run.success ? run.value : run.error;
  const statuses = suiteResults.flatMap(({ testResults }) => testResults.map(({ status }) => status));
  const count = (wanted: string): number => statuses.filter((status) => status === wanted).length;
  // The runner itself may fail, without a failed test.
  return { passed: count("Success"), failed: Math.max(count("Failure"), run.success ? 0 : 1) };
}

const { values, positionals } = parseArgs({
  options: { times: { type: "string", default: "1" }, seed: { type: "string" } },
  allowPositionals: true,
});
const times = Number(values.times);
if (!Number.isSafeInteger(times) || times < 1) {
  console.error(`--times takes a whole number of at least 1, not "${values.times}"`);
  process.exit(2);
}
const seed = values.seed === "random" ? `0x${randomBytes(32).toString("hex")}` : values.seed;
if (values.seed === "random") console.log(`To try the same cases again: --seed ${seed ?? ""}`);

const counts = await runSolidityTests(positionals, times, seed);
const countsFile = process.env["PACELINE_TEST_COUNTS"];
if (countsFile !== undefined) writeFileSync(countsFile, JSON.stringify(counts));
process.exitCode = counts.failed === 0 ? 0 : 1;
console.log(`${counts.passed} passed, ${counts.failed} failed`);
