import hre from "hardhat";

/** Whether the contracts carry coverage's calls, so that their gas and their size mean nothing. Under `hardhat test` only. */
export const underCoverage = hre.globalOptions.coverage;
