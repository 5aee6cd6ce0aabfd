import { fromHex } from "../core/bytes.ts";
import { commitmentHash, scoreCommitmentHash, type JobDomain } from "../core/encoding.ts";
import { bitsOf, hasBit, popCount, type RoundView } from "../core/roundView.ts";
import { decodeVector } from "../core/scores.ts";
import type { SignedStruct } from "../core/typedData.ts";

/**
 * Whether openings are what was committed: a matter of hashes alone. The answer for a message and a view is remembered, so that the
 * many peers of a simulation, who read one message and see one chain, do not all hash the same.
 */

/** Whether an opening of an update matches the commitment that the chain shows at its position. */
export const opensUpdate = remembered(
  (domain: JobDomain, view: RoundView, body: Extract<SignedStruct, { type: "Opening" }>) => {
    const memberId = view.cohort[body.position] as number;
    const expected = hasBit(view.openedMask, body.position)
      ? body.updateRoot
      : `${commitmentHash(domain, { ...body, memberId }).slice(0, 64)}00`;
    return view.updateRoots[body.position] === expected;
  },
);

type ScoreOpening = Extract<SignedStruct, { type: "ScoreOpening" }>;

/** The commitment that an opening of scores belongs to; undefined for a vector that the contract would not take. */
export const scoresOpened = remembered((domain: JobDomain, view: RoundView, body: ScoreOpening) => {
  const scorer = view.seats[body.seat] as number;
  const vector = fromHex(body.vector);
  const own = bitsOf(view.includedMask).findIndex((position) => view.cohort[position] === scorer);
  try {
    decodeVector(vector, popCount(view.includedMask), own < 0 ? undefined : own);
  } catch {
    return undefined;
  }
  return scoreCommitmentHash(domain, { ...body, scorer, includeHash: view.includeHash, vector });
});

/** Remembers the newest answer for each body; views and bodies are never changed. */
function remembered<Body extends object, Answer>(
  work: (domain: JobDomain, view: RoundView, body: Body) => Answer,
): (domain: JobDomain, view: RoundView, body: Body) => Answer {
  const answers = new WeakMap<Body, { readonly job: string; readonly view: RoundView; readonly answer: Answer }>();
  return (domain, view, body) => {
    const known = answers.get(body);
    if (known?.view === view && known.job === domain.job) return known.answer;
    const answer = work(domain, view, body);
    answers.set(body, { job: domain.job, view, answer });
    return answer;
  };
}
