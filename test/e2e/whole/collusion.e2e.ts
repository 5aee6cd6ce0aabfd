import { onBothChains } from "../scenarios/chains.ts";
import { playCollusion } from "../scenarios/collusion.ts";

onBothChains(playCollusion);
