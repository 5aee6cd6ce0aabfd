import { entropyShare } from "../../core/sortition.ts";
import type { Block } from "./block.ts";
import type { JobState } from "./jobStorage.ts";

/** Block hashes can be read for 256 blocks only; whoever calls first keeps this one. */
export function recordEntropy(job: JobState, block: Block): void {
  if (job.entropyRecorded) return;
  const found = block.hashOf(job.entropyBlock);
  if (found === undefined) return;
  job.entropyRecorded = true;
  job.saltSum = (job.saltSum + entropyShare(found)) % 2n ** 256n;
}
