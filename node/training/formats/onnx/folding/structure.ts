import { axisOf, intOf } from "../../../graph/attributes.ts";
import { multiplyDims } from "../../../graph/dims.ts";
import type { Attributes, Dim } from "../../../graph/graph.ts";
import { resolveRange } from "../../../graph/shapes/structure.ts";
import { elementCount } from "../../../models/model.ts";
import { type Known, MAX_KNOWN, numbersOf, vector } from "../known.ts";
import { broadcastIndex } from "./elementwise.ts";

/** Operators that pick, join and reshape elements, folded as far as shape arithmetic uses them: on scalars and vectors. */

export type Fold = (inputs: readonly (Known | undefined)[], attributes: Attributes) => Known | undefined;

const gather: Fold = ([data, indices], attributes) => {
  const at = indices && numbersOf(indices);
  if (data?.shape.length !== 1 || indices === undefined || at === undefined) return undefined;
  if (axisOf(intOf(attributes, "axis", 0), 1) !== 0) return undefined;
  const elements = at.map((index) => data.elements[axisOf(index, data.elements.length)]);
  if (elements.some((element) => element === undefined)) return undefined;
  return { type: data.type, shape: indices.shape, elements: elements as Dim[] };
};

const concat: Fold = (inputs) => {
  const [first] = inputs;
  if (first === undefined || inputs.some((input) => input?.shape.length !== 1)) return undefined;
  const elements = (inputs as readonly Known[]).flatMap((input) => input.elements);
  return elements.length > MAX_KNOWN ? undefined : { ...first, shape: [elements.length], elements };
};

const slice: Fold = ([data, starts, ends, axes, steps]) => {
  if (data?.shape.length !== 1) return undefined;
  const [start, end] = [single(starts), single(ends)];
  const [axis, step] = [axes === undefined ? 0 : single(axes), steps === undefined ? 1 : single(steps)];
  if (start === undefined || end === undefined || axis === undefined || step === undefined || step === 0)
    return undefined;
  const { first, count } = resolveRange({ axis, start, end, step }, data.elements.length);
  const elements = Array.from({ length: count }, (_, i) => data.elements[first + i * step] as Dim);
  return { ...data, shape: [count], elements };
};

function single(known: Known | undefined): number | undefined {
  const numbers = known && numbersOf(known);
  return numbers?.length === 1 ? numbers[0] : undefined;
}

const unsqueeze: Fold = ([data, axes]) => {
  const at = axes && numbersOf(axes);
  if (data === undefined || at === undefined) return undefined;
  const rank = data.shape.length + at.length;
  const added = at.map((axis) => axisOf(axis, rank));
  const rest = [...data.shape];
  return { ...data, shape: Array.from({ length: rank }, (_, i) => (added.includes(i) ? 1 : (rest.shift() as number))) };
};

const squeeze: Fold = ([data, axes]) => {
  if (data === undefined) return undefined;
  const at = axes && numbersOf(axes)?.map((axis) => axisOf(axis, data.shape.length));
  return { ...data, shape: data.shape.filter((size, i) => (at === undefined ? size !== 1 : !at.includes(i))) };
};

const reshape: Fold = ([data, shape]) => {
  const wanted = shape && numbersOf(shape);
  if (data === undefined || wanted === undefined) return undefined;
  const known = wanted.filter((size) => size !== -1).reduce((product, size) => product * size, 1);
  const to = wanted.map((size) => (size === -1 ? data.elements.length / known : size));
  return elementCount(to) === data.elements.length && to.every(Number.isInteger) ? { ...data, shape: to } : undefined;
};

const expand: Fold = ([data, shape]) => {
  const wanted = shape && numbersOf(shape);
  if (data === undefined || wanted === undefined || wanted.length < data.shape.length) return undefined;
  const lead = wanted.length - data.shape.length;
  const to = wanted.map((size, i) => (size === 1 && i >= lead ? (data.shape[i - lead] as number) : size));
  if (elementCount(to) > MAX_KNOWN) return undefined;
  const elements = Array.from({ length: elementCount(to) }, (_, i) => data.elements[broadcastIndex(i, to, data.shape)]);
  return elements.some((element) => element === undefined)
    ? undefined
    : { ...data, shape: to, elements: elements as Dim[] };
};

const range: Fold = (inputs) => {
  const [start, limit, delta] = inputs.map(single);
  if (start === undefined || limit === undefined || delta === undefined || delta === 0) return undefined;
  const count = Math.max(0, Math.ceil((limit - start) / delta));
  if (count > MAX_KNOWN) return undefined;
  const elements = Array.from({ length: count }, (_, i) => start + i * delta);
  return { type: (inputs[0] as Known).type, shape: [count], elements };
};

/** Over all elements of a vector. */
const reduceProd: Fold = ([data], attributes) => {
  if (data?.shape.length !== 1 || data.elements.some((element) => typeof element === "number" && element < 1))
    return undefined;
  const shape = intOf(attributes, "keepdims", 1) === 1 ? [1] : [];
  return { ...data, shape, elements: [multiplyDims(data.elements)] };
};

const shapeOf: Fold = ([data]) => data && vector(data.shape);

export const STRUCTURE: Readonly<Record<string, Fold>> = {
  Gather: gather,
  Concat: concat,
  Slice: slice,
  Unsqueeze: unsqueeze,
  Squeeze: squeeze,
  Reshape: reshape,
  Expand: expand,
  Range: range,
  ReduceProd: reduceProd,
  Shape: shapeOf,
};
