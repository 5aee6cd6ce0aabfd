import { badData } from "./fault.ts";

/**
 * A model that has seen one class only learns to tell that class always, and scores updates by it.
 * @param targets classes, −1 where there is none
 * @throws PacelineError `bad-input` where fewer than two of several classes occur
 */
export function requireSeveralClasses(file: string, targets: Int32Array, classNames: readonly string[]): void {
  const first = targets.find((target) => target >= 0);
  if (first === undefined || classNames.length < 2 || targets.some((target) => target >= 0 && target !== first)) return;
  throw badData(
    { file },
    `every example is of the class "${classNames[first] ?? first}"; examples of at least two of the ${classNames.length} classes are needed, so take more rows`,
  );
}
