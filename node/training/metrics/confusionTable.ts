import { PacelineError } from "../../core/errors.ts";
import type { ConfusionMatrix } from "./confusion.ts";

/** Longer names are cut. */
const LONGEST_NAME = 16;

/**
 * A confusion matrix as text, a line a target and a column a prediction, to be read in a monospaced font.
 * @param names one a class; their numbers where left out
 */
export function confusionTable({ classes, counts }: ConfusionMatrix, names?: readonly string[]): string {
  if (names !== undefined && names.length !== classes)
    throw new PacelineError("bad-argument", `${names.length} names for ${classes} classes`);
  const headings = Array.from({ length: classes }, (_, k) => shortened(names?.[k] ?? String(k)));
  const lines = headings.map((name, target) => [
    name,
    ...Array.from(counts.subarray(target * classes, (target + 1) * classes), String),
  ]);
  return aligned([["target \\ predicted", ...headings], ...lines]);
}

function shortened(name: string): string {
  const characters = Array.from(name);
  return characters.length > LONGEST_NAME ? `${characters.slice(0, LONGEST_NAME - 1).join("")}…` : name;
}

/** Cells of equal width in each column, two spaces apart; the first column to the left, the others to the right. */
function aligned(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const pad = (cell: string, column: number): string =>
    column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0);
  return lines.map((line) => line.map(pad).join("  ")).join("\n");
}
