// On Hardhat's node: ../faults.test.ts
import { onAnvil } from "../scenarios/chains.ts";
import { playFaults } from "../scenarios/faults.ts";

onAnvil(playFaults);
