import { ZERO_WORD } from "../../core/bytes.ts";
import { includeHash, type IncludedUpdate } from "../../core/encoding.ts";
import { bitOf, bitsOf, certifiedMask, popCount } from "../../core/roundView.ts";
import type { Block } from "./block.ts";
import { emit, type JobState } from "./jobStorage.ts";
import { viewOf } from "./jobViews.ts";
import { miss } from "./slashing.ts";

/** `contracts/job/IncludeSet.sol`: which updates count. */

/** Committed positions that a quorum of bitmaps holds. */
export function certified(job: JobState): bigint {
  const view = viewOf(job, { number: 0, time: 0 });
  return certifiedMask(view, view.bitmaps) & job.committed;
}

/** Ends Share: whoever did not open pays, and the include set stands. @returns whether enough count */
export function fixIncludeSet(job: JobState, block: Block): boolean {
  for (const position of bitsOf(job.committed & ~job.opened)) miss(job, job.cohort[position]!, job.terms.missSlash);
  const included = firstOfEachRoot(job, job.opened & certified(job));
  if (popCount(included) < job.terms.minCommits) return false;
  job.included = included;
  const updates = updatesOf(job, included);
  job.includeHash = includeHash(updates);
  const { round, includeHash: hash } = job;
  emit(job, "IncludeSetFixed", { round, includedMask: included, includeHash: hash, updates });
  job.keepers[2] = block.sender;
  return true;
}

/** Of the positions in `mask`, the first to commit its root each. */
function firstOfEachRoot({ commits }: JobState, mask: bigint): bigint {
  const first = new Map<string, number>();
  for (const position of bitsOf(mask)) {
    const { opened, ordinal } = commits.get(position)!;
    const root = opened?.updateRoot ?? ZERO_WORD;
    const other = first.get(root);
    if (other === undefined || ordinal < commits.get(other)!.ordinal) first.set(root, position);
  }
  return [...first.values()].reduce((kept, position) => kept | bitOf(position), 0n);
}

function updatesOf({ cohort, commits }: JobState, mask: bigint): IncludedUpdate[] {
  return bitsOf(mask).map((position) => ({ ...commits.get(position)!.opened!, memberId: cohort[position]! }));
}
