import { onBothChains } from "../scenarios/chains.ts";
import { playLiveness } from "../scenarios/liveness.ts";

onBothChains(playLiveness);
