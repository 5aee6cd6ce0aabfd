import { fileURLToPath } from "node:url";
import hardhatEthers from "@nomicfoundation/hardhat-ethers";
import hardhatEthersChaiMatchers from "@nomicfoundation/hardhat-ethers-chai-matchers";
import hardhatIgnitionEthers from "@nomicfoundation/hardhat-ignition-ethers";
import hardhatMocha from "@nomicfoundation/hardhat-mocha";
import hardhatNetworkHelpers from "@nomicfoundation/hardhat-network-helpers";
import { defineConfig } from "hardhat/config";

const compiler = {
  version: "0.8.37",
  // The compiler comes from npm, so that a build needs no download.
  path: fileURLToPath(import.meta.resolve("solc/soljson.js")),
  settings: { optimizer: { enabled: true, runs: 200 }, viaIR: true, evmVersion: "osaka" },
};
/** For a suite that is larger than the contracts it deploys, which are compiled as ever: a tenth of the time. */
const quickly = { ...compiler, settings: { ...compiler.settings, viaIR: false } };

export default defineConfig({
  plugins: [hardhatEthers, hardhatEthersChaiMatchers, hardhatIgnitionEthers, hardhatMocha, hardhatNetworkHelpers],
  solidity: {
    // Who only runs the contracts does not wait for their Solidity tests to compile.
    splitTestsCompilation: true,
    compilers: [compiler],
    overrides: { "test/solidity/JobInvariants.t.sol": quickly },
  },
  networks: {
    // As much as a transaction may have (EIP-7825): estimating it takes the tests longer than all else that they do.
    default: { type: "edr-simulated", chainType: "l1", gas: 2 ** 24 },
    // Many transactions a second must not push the chain's clock ahead of the wall's.
    node: { type: "edr-simulated", chainType: "l1", chainId: 31337, allowBlocksWithSameTimestamp: true },
  },
  paths: { sources: "contracts", tests: { mocha: "test/contracts", solidity: "test/solidity" } },
  test: {
    // As `spec`, and tells the test runner how many passed.
    mocha: { reporter: "scripts/test/countingReporter.ts" },
    solidity: {
      fuzz: { runs: 256 },
      // A handler that reverts, or an assertion of it that fails, fails the invariant: else it would go unseen.
      invariant: { runs: 256, depth: 128, failOnRevert: true },
    },
  },
});
