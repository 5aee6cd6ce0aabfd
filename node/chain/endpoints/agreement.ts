/** What endpoints that were asked the same make of it together. */
export interface Agreement {
  /** Indices of those that contradict more than half of all that answered. */
  readonly minority: readonly number[];
  /** They contradict each other, and no answer has more than half. */
  readonly isTied: boolean;
}

/** @param answers by endpoint; undefined where there was none, which counts for nothing */
export function agreementOf(answers: readonly (string | undefined)[]): Agreement {
  const counts = new Map<string, number>();
  for (const answer of answers) if (answer !== undefined) counts.set(answer, (counts.get(answer) ?? 0) + 1);
  if (counts.size <= 1) return { minority: [], isTied: false };
  const answered = answers.filter((answer) => answer !== undefined).length;
  const [most] = [...counts].find(([, count]) => 2 * count > answered) ?? [];
  if (most === undefined) return { minority: [], isTied: true };
  const minority = answers.flatMap((answer, index) => (answer === undefined || answer === most ? [] : [index]));
  return { minority, isTied: false };
}
