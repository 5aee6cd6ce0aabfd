import { PacelineError } from "../../../core/errors.ts";
import { divideDims, multiplyDims, sizeOf } from "../../graph/dims.ts";
import type { Dim, Shape } from "../../graph/graph.ts";

/** What a Reshape of a file makes, and what it must be told so that it does so for any number of examples. */
export interface Reshaped {
  readonly shape: Shape;
  /** At most one −1; zeros keep a size. */
  readonly target: readonly number[];
}

/**
 * @param wanted sizes, names for those that depend on the batch, and −1 for what is left
 * @param fixedBatch the number of examples that the file was written for, where it was written for one: a size of that number, in the
 * place where the batch is, is meant as the batch
 * @throws PacelineError `bad-input` where the sizes do not fit, `unsupported` where two of them depend on the batch
 */
export function reshapeTarget(from: Shape, wanted: readonly Dim[], fixedBatch: number | undefined): Reshaped {
  const asWritten = complete(from, wanted);
  const meant = fixedBatch === undefined ? undefined : complete(from, withBatch(from, wanted, fixedBatch));
  const shape = meant ?? asWritten;
  if (shape === undefined)
    throw new PacelineError("bad-input", `[${from.join(", ")}] does not make [${wanted.join(", ")}]`);
  return { shape, target: targetOf(from, shape) };
}

/** The shape with −1 worked out; undefined where it does not have the elements. */
function complete(from: Shape, wanted: readonly Dim[]): Shape | undefined {
  const rest = divideDims(sizeOf(from), multiplyDims(wanted.filter((dim) => dim !== -1)));
  const open = wanted.filter((dim) => dim === -1).length;
  if (rest === undefined || open > 1 || (open === 0 && rest !== 1)) return undefined;
  return wanted.map((dim) => (dim === -1 ? rest : dim));
}

/** The batch in the place of its number: where it stands in `from`, or else wherever only one size can be it. */
function withBatch(from: Shape, wanted: readonly Dim[], fixedBatch: number): readonly Dim[] {
  const isBatch = (dim: Dim | undefined): boolean => typeof dim === "string";
  if (wanted.some(isBatch) || !from.some(isBatch)) return wanted;
  const places = wanted.flatMap((dim, i) => (dim === fixedBatch ? [i] : []));
  const place = places.find((i) => isBatch(from[i])) ?? (places.length === 1 && !wanted.includes(-1) ? places[0] : -1);
  return wanted.map((dim, i) => (i === place ? "batch" : dim));
}

function targetOf(from: Shape, shape: Shape): readonly number[] {
  const named = shape.flatMap((dim, i) => (typeof dim === "string" ? [i] : []));
  // a size that stands where it stood is kept by a zero, so one other may be what is left
  const open = named.filter((i) => shape[i] !== from[i]).concat(named)[0];
  return shape.map((dim, i) => {
    if (typeof dim === "number") return dim;
    if (i === open) return -1;
    if (dim === from[i]) return 0;
    throw new PacelineError("unsupported", `the shape [${shape.join(", ")}] depends on the batch in several places`);
  });
}
