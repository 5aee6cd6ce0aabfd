import { describeAudits } from "./chain/audits.ts";
import { describeChainConformance } from "./chain.ts";
import { startRealChain } from "./chain/real.ts";
import { startMemoryChain } from "./chain/twin.ts";

describeChainConformance("memory chain", async () => startMemoryChain());
describeChainConformance("a node behind JSON-RPC", startRealChain, describeAudits);
