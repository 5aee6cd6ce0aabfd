import { defineConfig } from "hardhat/config";
import config from "../../hardhat.config.ts";
import branchCoverage from "./plugin.ts";

/** For coverage: apart from the real artifacts, and few runs, for what a campaign covers it covers at once. */
export default defineConfig({
  ...config,
  plugins: [...(config.plugins ?? []), branchCoverage],
  paths: { ...config.paths, artifacts: "coverage/artifacts", cache: "coverage/cache" },
  coverage: { skipFiles: ["contracts/test/**"] },
  test: {
    ...config.test,
    solidity: { fuzz: { runs: 64 }, invariant: { runs: 16, depth: 128, failOnRevert: true } },
  },
});
