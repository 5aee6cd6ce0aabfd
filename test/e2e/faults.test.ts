import { hardhat } from "./scenarios/chains.ts";
import { playFaults } from "./scenarios/faults.ts";

playFaults(hardhat);
