import { broadcast, divideDims, multiplyDims } from "../../../graph/dims.ts";
import type { Dim, ElementType } from "../../../graph/graph.ts";
import { elementCount } from "../../../models/model.ts";
import { type Known, MAX_KNOWN } from "../known.ts";

/** Operators on elements by themselves, folded. An element that depends on the batch is a name, which stands for 1 or more. */

/** Undefined where the result is not known. */
type Binary = (a: Dim, b: Dim, type: ElementType) => Dim | undefined;
type Unary = (a: number) => number;

const positive = (dim: Dim): boolean => typeof dim === "string" || dim > 0;

const onNumbers =
  (compute: (a: number, b: number, type: ElementType) => number, named?: (a: Dim, b: Dim) => Dim | undefined): Binary =>
  (a, b, type) =>
    typeof a === "number" && typeof b === "number" ? compute(a, b, type) : named?.(a, b);

const add = onNumbers(
  (a, b) => a + b,
  (a, b) => (a === 0 ? b : b === 0 ? a : undefined),
);
const subtract = onNumbers(
  (a, b) => a - b,
  (a, b) => (a === b ? 0 : b === 0 ? a : undefined),
);
const multiply = onNumbers(
  (a, b) => a * b,
  (a, b) => (a === 0 || b === 0 ? 0 : positive(a) && positive(b) ? multiplyDims([a, b]) : undefined),
);
const divide = onNumbers(
  (a, b, type) => (type === "float32" ? a / b : Math.trunc(a / b) + 0),
  (a, b) => (positive(a) && positive(b) ? divideDims(a, b) : undefined),
);
/** Whole numbers only, as sizes are: a name is equal to itself, and larger than 0. */
const equal = onNumbers(
  (a, b) => Number(a === b),
  (a, b) => (a === b ? 1 : positive(a) && positive(b) ? undefined : 0),
);
const greater = onNumbers(
  (a, b) => Number(a > b),
  (a, b) => (a === b || !positive(a) ? 0 : positive(b) ? undefined : 1),
);
const not = (value: Dim | undefined): Dim | undefined => (typeof value === "number" ? 1 - value : undefined);

const ARITHMETIC: Readonly<Record<string, Binary>> = {
  Add: add,
  Sub: subtract,
  Mul: multiply,
  Div: divide,
  Pow: onNumbers((a, b) => a ** b),
  Min: onNumbers((a, b) => Math.min(a, b)),
  Max: onNumbers((a, b) => Math.max(a, b)),
  Mod: onNumbers((a, b) => ((a % b) + b) % b),
};

const COMPARISONS: Readonly<Record<string, Binary>> = {
  Equal: equal,
  Greater: greater,
  Less: (a, b, type) => greater(b, a, type),
  GreaterOrEqual: (a, b, type) => not(greater(b, a, type)),
  LessOrEqual: (a, b, type) => not(greater(a, b, type)),
  And: onNumbers((a, b) => a & b),
  Or: onNumbers((a, b) => a | b),
};

const UNARY: Readonly<Record<string, Unary>> = {
  Neg: (a) => -a,
  Abs: Math.abs,
  Sqrt: Math.sqrt,
  Reciprocal: (a) => 1 / a,
  Floor: Math.floor,
  Ceil: Math.ceil,
  Not: (a) => 1 - a,
  Exp: Math.exp,
  Log: Math.log,
};

/** The operator's result; undefined where it is not one of these, or the result is not known. */
export function foldElementwise(operator: string, inputs: readonly Known[]): Known | undefined {
  const [first, second] = inputs;
  if (first === undefined) return undefined;
  if (Object.hasOwn(UNARY, operator)) return map([first], first.type, (a) => unary(operator, a as Dim));
  if (operator === "Where" && inputs.length === 3)
    return map(inputs, (second as Known).type, (which, a, b) => (which === 1 ? a : which === 0 ? b : undefined));
  if (second === undefined || inputs.length !== 2) return undefined;
  if (Object.hasOwn(ARITHMETIC, operator)) {
    const { type } = first;
    return map(inputs, type, (a, b) => (ARITHMETIC[operator] as Binary)(a as Dim, b as Dim, type));
  }
  if (Object.hasOwn(COMPARISONS, operator))
    return map(inputs, "bool", (a, b) => (COMPARISONS[operator] as Binary)(a as Dim, b as Dim, first.type));
  return undefined;
}

function unary(operator: string, a: Dim): Dim | undefined {
  return typeof a === "number" ? (UNARY[operator] as Unary)(a) : undefined;
}

/** Casts keep names: a size is a whole number in every type but bool. */
export function foldCast(known: Known, type: ElementType): Known | undefined {
  return map([known], type, (a) => {
    if (typeof a === "string") return type === "bool" ? 1 : a;
    return type === "bool" ? Number(a !== 0) : type === "float32" ? a : Math.trunc(a as number);
  });
}

/** NumPy's broadcasting over small tensors. */
function map(
  inputs: readonly Known[],
  type: ElementType,
  compute: (...elements: (Dim | undefined)[]) => Dim | undefined,
): Known | undefined {
  const shape = inputs.reduce<readonly number[] | undefined>(
    (joined, input) => joined && (broadcast(joined, input.shape) as readonly number[] | undefined),
    [],
  );
  if (shape === undefined || elementCount(shape) > MAX_KNOWN) return undefined;
  const elements: Dim[] = [];
  for (let i = 0; i < elementCount(shape); i++) {
    const element = compute(...inputs.map((input) => input.elements[broadcastIndex(i, shape, input.shape)]));
    if (element === undefined || Number.isNaN(element)) return undefined;
    elements.push(type === "float32" && typeof element === "number" ? Math.fround(element) : element);
  }
  return { type, shape, elements };
}

/** Where the element `index` of a tensor of shape `to` comes from in one of shape `from`. */
export function broadcastIndex(index: number, to: readonly number[], from: readonly number[]): number {
  let rest = index;
  let at = 0;
  let stride = 1;
  for (let axis = to.length - 1; axis >= 0; axis--) {
    const size = to[axis] as number;
    const own = from[axis - to.length + from.length];
    if (own !== undefined) {
      if (own !== 1) at += (rest % size) * stride;
      stride *= own;
    }
    rest = Math.floor(rest / size);
  }
  return at;
}
