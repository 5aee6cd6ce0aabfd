import { readdirSync } from "node:fs";
import path from "node:path";

/** One child process of a test run. */
export interface Suite {
  readonly name: string;
  /** Arguments to Node. */
  readonly args: readonly string[];
  /** Whether it reports how many tests passed; otherwise it counts as one test, by its exit status. */
  readonly counts: boolean;
}

const REPORTER = "scripts/test/countingReporter.ts";

const bin = (name: string): string => path.join("node_modules", name);

const TYPES: Suite = { name: "types", args: [bin("typescript/bin/tsc"), "--noEmit"], counts: false };

const CONTRACTS: Suite = {
  name: "contracts",
  args: [bin("hardhat/dist/src/cli.js"), "test", "mocha"],
  counts: true,
};

const SOLIDITY: Suite = { name: "solidity", args: ["scripts/solidity.ts"], counts: true };

/** Suites that are not mocha's own. */
const SPECIAL: Readonly<Record<string, Suite>> = { contracts: CONTRACTS, solidity: SOLIDITY };

function hasTests(folder: string): boolean {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).some((file) => /\.(test\.ts|t\.sol)$/.test(file));
}

/** Files at once of suites that wait for the clock of a chain most of the time. */
const AT_ONCE: Readonly<Record<string, number>> = { e2e: 3, chaos: 2 };

/** Hardhat's matchers, which the chain's conformance loads, take over chai's for numbers in the whole process. */
const ENGINES = { name: "engines", spec: "test/conformance/trainer.test.ts" };
const APART: Readonly<Record<string, readonly string[]>> = { conformance: ["--ignore", ENGINES.spec] };

function mochaSuite(name: string, specs: string): Suite {
  const jobs = AT_ONCE[name];
  const options = [...(jobs === undefined ? [] : ["--parallel", "--jobs", String(jobs)]), ...(APART[name] ?? [])];
  return { name, args: [bin("mocha/bin/mocha.js"), "--reporter", REPORTER, ...options, specs], counts: true };
}

/** Every suite: the type check, the files at the top of `test/`, each folder in it that holds tests; the end-to-end tests last. */
export function allSuites(root: string): Suite[] {
  const folders = readdirSync(path.join(root, "test"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && hasTests(path.join(root, "test", entry.name)))
    .map((entry) => entry.name);
  const ordered = [...folders.filter((name) => name !== "e2e"), ...folders.filter((name) => name === "e2e")];
  const suites = ordered.map((name) => SPECIAL[name] ?? mochaSuite(name, `test/${name}/**/*.test.ts`));
  return [TYPES, mochaSuite("house", "test/*.test.ts"), mochaSuite(ENGINES.name, ENGINES.spec), ...suites];
}
