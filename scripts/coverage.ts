// `npm run coverage`: the contracts' tests, in Solidity and in mocha, with every line and branch of `contracts/` counted.
// Fails where a test fails or less than 98 % of lines or branches are covered. coverage/lcov.info and coverage/html are for
// other tools.
import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { lcovOf, percentOf, readCoverage, tableOf, totalsOf } from "./coverage/report.ts";

const WANTED_PERCENT = 98;
const FOLDER = "coverage";
const HARDHAT = path.join("node_modules", "hardhat", "dist", "src", "cli.js");
const CONFIG = path.join("scripts", "coverage", "hardhat.config.ts");

process.chdir(path.dirname(import.meta.dirname));
// An older run's figures must not be taken for this one's.
rmSync(path.join(FOLDER, "data"), { recursive: true, force: true });
rmSync(path.join(FOLDER, "lcov.info"), { force: true });
const { status } = spawnSync(process.execPath, [HARDHAT, "--config", CONFIG, "test", "--coverage"], {
  stdio: "inherit",
});

const files = readCoverage(FOLDER);
writeFileSync(path.join(FOLDER, "lcov.info"), lcovOf(files));
console.log(tableOf(files));
const { lines, branches } = totalsOf(files);
const enough = percentOf(lines) >= WANTED_PERCENT && percentOf(branches) >= WANTED_PERCENT;
if (!enough) console.log(`\nAt least ${WANTED_PERCENT} % of lines and of branches must be covered.`);
if (status !== 0) console.log("\nA test failed.");
process.exitCode = enough && status === 0 ? 0 : 1;
