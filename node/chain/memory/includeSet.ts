import { includeHash, type IncludedUpdate } from "../../core/encoding.ts";
import { bitOf, bitsOf, certifiedMask } from "../../core/roundView.ts";
import { memberAtPosition, viewOf, type JobState } from "./jobState.ts";

/** `contracts/job/IncludeSet.sol`: which updates count. */

/** Committed positions that a quorum of bitmaps holds. */
export function certified(job: JobState): bigint {
  const view = viewOf(job, { number: 0, time: 0 });
  return certifiedMask(view, view.bitmaps) & job.committed;
}

/** Of the positions that are opened and certified, the first to commit its root each. */
export function includedMask(job: JobState): bigint {
  const first = new Map<string, number>();
  for (const position of bitsOf(job.opened & certified(job))) {
    const { opened, ordinal } = job.commits.get(position)!;
    const other = first.get(opened!.updateRoot);
    if (other === undefined || ordinal < job.commits.get(other)!.ordinal) first.set(opened!.updateRoot, position);
  }
  return [...first.values()].reduce((mask, position) => mask | bitOf(position), 0n);
}

export function updatesOf(job: JobState, mask: bigint): IncludedUpdate[] {
  return bitsOf(mask).map((position) => {
    const { operator } = memberAtPosition(job, position);
    return { ...job.commits.get(position)!.opened!, operator };
  });
}

export function hashOfIncluded(job: JobState): ReturnType<typeof includeHash> {
  return includeHash(updatesOf(job, job.included));
}
