import type { BenchResult } from "./benchResult.ts";
import { measureCnn } from "./train/cnn.ts";
import { measureFactorisation } from "./train/factorisation.ts";
import { measureLstm } from "./train/lstm.ts";
import { measureMemory } from "./train/memory.ts";
import { mergePeers, peerVersions } from "./train/peers.ts";
import { measurePerceptron } from "./train/perceptron.ts";
import { measureSoftmax } from "./train/softmax.ts";

/** Local training, figure by figure, beside the same training in numpy and in tfjs; each peer's params must be ours. */
export async function benchTrain(): Promise<BenchResult> {
  const parts = [];
  for (const measure of PARTS) parts.push(await measure());
  return {
    figures: Object.assign({}, ...parts.map(({ figures }) => figures)) as BenchResult["figures"],
    peers: mergePeers(parts.map(({ peers }) => peers)),
    versions: await peerVersions(),
  };
}

const PARTS = [measurePerceptron, measureCnn, measureLstm, measureFactorisation, measureSoftmax, measureMemory];
