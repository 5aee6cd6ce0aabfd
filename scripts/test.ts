// `npm test [-- SUITE ...]`: runs every suite, or the named ones, each as a process of its own, and ends with
// "N passed, N failed". A suite that crashes, hangs or runs nothing counts as one failed test.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { allSuites, type Suite } from "./test/suites.ts";

/** Suites that wait, for a chain's clock or for other processes, more than they compute: two of them never run at a time. */
const WAITING = ["e2e", "chaos", "network", "audit", "chain"];
/** Of the others, the longest first, so that what is short fits in at the end. */
const LONGEST = ["contracts", "solidity", "conformance", "protocol", "training", "types", "cli", "malformed"];

/** Longest that one suite may take, in milliseconds: a stuck process must not hold the run for ever. */
const SUITE_LIMIT_MS = 10 * 60_000;

/** What a suite reports of itself. */
interface Counts {
  readonly passed: number;
  readonly failed: number;
  /** A text each, where the suite tells them. */
  readonly failures?: readonly string[];
}

interface Outcome extends Counts {
  readonly suite: string;
  readonly seconds: number;
  /** Why a suite counts as failed although no test of it did. */
  readonly trouble?: string;
}

interface Ending {
  readonly status: number | null;
  readonly timedOut: boolean;
}

/** @param print where its output goes; undefined for straight through */
function runProcess(
  args: readonly string[],
  countsFile: string,
  print: ((text: string) => void) | undefined,
): Promise<Ending> {
  return new Promise((resolve) => {
    const env = { ...process.env, PACELINE_TEST_COUNTS: countsFile };
    const output = print === undefined ? "inherit" : "pipe";
    const child = spawn(process.execPath, args, { stdio: ["ignore", output, output], env });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => print?.(text));
    }
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill("SIGKILL");
    }, SUITE_LIMIT_MS);
    const end = (status: number | null): void => {
      clearTimeout(timer);
      resolve({ status, timedOut });
    };
    child.once("error", () => {
      end(null);
    });
    child.once("close", end);
  });
}

function readCounts(file: string): Counts | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Counts;
  } catch {
    return undefined;
  }
}

function judge(suite: Suite, ending: Ending, counts: Counts | undefined): Omit<Outcome, "seconds"> {
  const name = suite.name;
  const crashed = (trouble: string): Omit<Outcome, "seconds"> => ({
    ...counts,
    suite: name,
    passed: counts?.passed ?? 0,
    failed: (counts?.failed ?? 0) + 1,
    trouble,
  });
  if (ending.timedOut) return crashed(`did not end within ${SUITE_LIMIT_MS / 60_000} minutes`);
  if (!suite.counts) return { suite: name, passed: ending.status === 0 ? 1 : 0, failed: ending.status === 0 ? 0 : 1 };
  if (counts === undefined) return crashed(`ended with status ${ending.status ?? "none"} before it reported`);
  if (counts.passed + counts.failed === 0) return crashed("ran no test");
  if (ending.status !== 0 && counts.failed === 0) return crashed(`ended with status ${ending.status ?? "none"}`);
  return { suite: name, ...counts };
}

async function runSuite(suite: Suite, folder: string, beside = false): Promise<Outcome> {
  const started = performance.now();
  const countsFile = path.join(folder, `${suite.name}.json`);
  const kept: string[] = [];
  if (!beside) console.log(`\n== ${suite.name}`);
  const ending = await runProcess(suite.args, countsFile, beside ? (text) => kept.push(text) : undefined);
  if (beside) console.log(`\n== ${suite.name}\n${kept.join("")}`);
  const outcome = judge(suite, ending, readCounts(countsFile));
  if (outcome.trouble !== undefined) console.log(`${suite.name}: ${outcome.trouble}`);
  return { ...outcome, seconds: (performance.now() - started) / 1000 };
}

/** Runs what is first in each list, two suites at a time: one lane takes `waiting` first, and then both what is left of `others`. */
async function runLanes(waiting: readonly Suite[], others: readonly Suite[], folder: string): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const beside = waiting.length + others.length > 1;
  const left = [...others];
  const lane = async (own: Suite[]): Promise<void> => {
    for (let suite = own.shift() ?? left.shift(); suite !== undefined; suite = own.shift() ?? left.shift()) {
      outcomes.push(await runSuite(suite, folder, beside));
    }
  };
  await Promise.all([lane([]), lane([...waiting])]);
  return outcomes;
}

/** What `first` names, in its order, and then the rest. */
function inOrder(suites: readonly Suite[], first: readonly string[]): Suite[] {
  const place = ({ name }: Suite): number => (first.includes(name) ? first.indexOf(name) : first.length);
  return [...suites].sort((left, right) => place(left) - place(right));
}

function chosen(suites: readonly Suite[], names: readonly string[]): readonly Suite[] {
  const unknown = names.find((name) => !suites.some((suite) => suite.name === name));
  if (unknown !== undefined) {
    console.error(`There is no suite "${unknown}". The suites are: ${suites.map((suite) => suite.name).join(", ")}.`);
    process.exit(2);
  }
  return names.length === 0 ? suites : suites.filter((suite) => names.includes(suite.name));
}

function printSummary(outcomes: readonly Outcome[]): void {
  console.log("\n== summary");
  for (const { suite, passed, failed, seconds, trouble } of outcomes) {
    const counts = `${String(passed).padStart(5)} passed ${String(failed).padStart(3)} failed`;
    console.log(
      `${suite.padEnd(14)}${counts} ${seconds.toFixed(1).padStart(7)} s${trouble === undefined ? "" : `  (${trouble})`}`,
    );
  }
  for (const { suite, failures = [] } of outcomes) {
    for (const failure of failures) console.log(`\n${suite}: ${failure}`);
  }
}

process.chdir(path.dirname(import.meta.dirname));
const folder = mkdtempSync(path.join(tmpdir(), "paceline-test-"));
const suites = chosen(allSuites(process.cwd()), process.argv.slice(2));
const isWaiting = ({ name }: Suite): boolean => WAITING.includes(name);
const ordered = inOrder(suites, [...WAITING, ...LONGEST]);
const outcomes = await runLanes(
  ordered.filter(isWaiting),
  ordered.filter((suite) => !isWaiting(suite)),
  folder,
);
rmSync(folder, { recursive: true, force: true });
printSummary(outcomes);
const passed = outcomes.reduce((sum, outcome) => sum + outcome.passed, 0);
const failed = outcomes.reduce((sum, outcome) => sum + outcome.failed, 0);
process.exitCode = failed === 0 ? 0 : 1;
console.log(`${passed} passed, ${failed} failed`);
