import { onBothChains } from "../scenarios/chains.ts";
import { playFaults } from "../scenarios/faults.ts";

onBothChains(playFaults);
