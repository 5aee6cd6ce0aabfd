import { PacelineError } from "../../core/errors.ts";
import type { Dim, Shape } from "./graph.ts";

/**
 * Arithmetic on sizes of which factors may be names: `"batch"` times 784 is `"784*batch"`. A graph can square a size, and the square
 * again: names are kept short, so that a small file does not fill the memory.
 */

const MAX_NAMES = 16;
const MAX_SUM = 1000;

interface Product {
  readonly factor: number;
  /** Sorted names, such as `["batch"]`. */
  readonly names: readonly string[];
}

function parse(dim: Dim): Product {
  if (typeof dim === "number") return { factor: dim, names: [] };
  const parts = dim.split("*");
  const factor = Number(parts[0]);
  return Number.isInteger(factor) ? { factor, names: parts.slice(1) } : { factor: 1, names: parts };
}

function format({ factor, names }: Product): Dim {
  if (names.length === 0 || factor === 0) return factor;
  if (names.length > MAX_NAMES) throw new PacelineError("unsupported", `a size is a product of ${names.length} sizes`);
  return factor === 1 ? names.join("*") : [factor, ...names].join("*");
}

export function multiplyDims(dims: readonly Dim[]): Dim {
  const products = dims.map(parse);
  const factor = products.reduce((product, part) => product * part.factor, 1);
  return format({ factor, names: products.flatMap(({ names }) => names).sort() });
}

/** Sizes that are not known can be added only where they are the same; the sum of others is a name of its own. */
export function addDims(dims: readonly Dim[]): Dim {
  if (dims.every((dim) => typeof dim === "number")) return dims.reduce((sum, dim) => sum + dim, 0);
  const [first] = dims;
  if (dims.every((dim) => dim === first)) return multiplyDims([dims.length, first as Dim]);
  const sum = dims.join("+");
  if (sum.length > MAX_SUM) throw new PacelineError("unsupported", "a size is a sum of too many sizes");
  return sum;
}

/** The exact quotient, or undefined where `by` does not divide `dim`. */
export function divideDims(dim: Dim, by: Dim): Dim | undefined {
  const numerator = parse(dim);
  const denominator = parse(by);
  const names = [...numerator.names];
  for (const name of denominator.names) {
    const at = names.indexOf(name);
    if (at < 0) return undefined;
    names.splice(at, 1);
  }
  const factor = numerator.factor / denominator.factor;
  return Number.isInteger(factor) ? format({ factor, names }) : undefined;
}

/** Elements of a tensor. */
export function sizeOf(shape: Shape): Dim {
  return multiplyDims(shape);
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, i) => dim === b[i]);
}

/** The shape that NumPy's broadcasting gives (as ONNX's elementwise operators do), or undefined where the shapes do not fit. */
export function broadcast(a: Shape, b: Shape): Shape | undefined {
  const rank = Math.max(a.length, b.length);
  const result: Dim[] = [];
  for (let i = 0; i < rank; i++) {
    const left = a[a.length - rank + i] ?? 1;
    const right = b[b.length - rank + i] ?? 1;
    if (left !== right && left !== 1 && right !== 1) return undefined;
    result.push(left === 1 ? right : left);
  }
  return result;
}

/** Axes of `to` along which a tensor of shape `from` was repeated by broadcasting. */
export function broadcastAxes(from: Shape, to: Shape): readonly number[] {
  const lead = to.length - from.length;
  return to.flatMap((dim, i) => (i < lead || (from[i - lead] === 1 && dim !== 1) ? [i] : []));
}
