import { PacelineError } from "../../../core/errors.ts";
import { axisOf, constantNumbers, intOf, intsOf } from "../attributes.ts";
import { addDims, broadcast, divideDims, multiplyDims, sizeOf } from "../dims.ts";
import { type Dim, type Shape, isConstant } from "../graph.ts";
import type { ShapeQuestion, ShapeRule, ShapeRules } from "./shapeRule.ts";

/** Operators that move elements, reduce them, or make new ones. */

const shapeText = (shape: Shape): string => `[${shape.join(", ")}]`;

const reshape: ShapeRule = ({ inputs, attributes }) => {
  const from = inputs[0]!.shape;
  const target = constantNumbers(inputs[1], "Reshape: the shape").map((size, i): Dim =>
    size === 0 && intOf(attributes, "allowzero", 0) === 0 ? (from[i] as Dim) : size,
  );
  const known = multiplyDims(target.filter((size) => size !== -1));
  const rest = divideDims(sizeOf(from), known);
  const fits = rest !== undefined && (target.includes(-1) || rest === 1);
  if (!fits) throw new PacelineError("bad-input", `Reshape: ${shapeText(from)} does not make ${shapeText(target)}`);
  return [{ type: inputs[0]!.type, shape: target.map((size) => (size === -1 ? rest : size)) }];
};

const flatten: ShapeRule = ({ inputs, attributes }) => {
  const { type, shape } = inputs[0]!;
  const axis = axisOf(intOf(attributes, "axis", 1), shape.length);
  return [{ type, shape: [multiplyDims(shape.slice(0, axis)), multiplyDims(shape.slice(axis))] }];
};

const transpose: ShapeRule = ({ inputs, attributes }) => {
  const { type, shape } = inputs[0]!;
  const order = intsOf(attributes, "perm") ?? [...shape.keys()].reverse();
  return [{ type, shape: order.map((axis) => shape[axis] as Dim) }];
};

const concat: ShapeRule = ({ inputs, attributes }) => {
  const { type, shape } = inputs[0]!;
  const axis = axisOf(intOf(attributes, "axis", 0), shape.length);
  const sum = addDims(inputs.map((input) => input!.shape[axis] as Dim));
  return [{ type, shape: shape.map((size, i) => (i === axis ? sum : size)) }];
};

const split: ShapeRule = ({ inputs, attributes, outputCount }) => {
  const { type, shape } = inputs[0]!;
  const axis = axisOf(intOf(attributes, "axis", 0), shape.length);
  const total = shape[axis] as Dim;
  const even = typeof total === "number" ? Math.ceil(total / outputCount) : (divideDims(total, outputCount) ?? total);
  const sizes =
    inputs[1] === undefined
      ? Array.from({ length: outputCount }, (_, i) =>
          typeof even === "number" && typeof total === "number" ? Math.min(even, total - i * even) : even,
        )
      : constantNumbers(inputs[1], "Split: the sizes");
  return sizes.map((size) => ({ type, shape: shape.map((dim, i) => (i === axis ? size : dim)) }));
};

/** Starts, ends, axes and steps of a Slice, as far as they are constant. */
export function sliceRanges(inputs: ShapeQuestion["inputs"]): readonly SliceRange[] {
  const starts = constantNumbers(inputs[1], "Slice: starts");
  const ends = constantNumbers(inputs[2], "Slice: ends");
  const rank = inputs[0]!.shape.length;
  const axes = inputs[3] === undefined ? starts.map((_, i) => i) : constantNumbers(inputs[3], "Slice: axes");
  const steps = inputs[4] === undefined ? starts.map(() => 1) : constantNumbers(inputs[4], "Slice: steps");
  return starts.map((start, i) => ({
    axis: axisOf(axes[i] as number, rank),
    start,
    end: ends[i] as number,
    step: steps[i] as number,
  }));
}

export interface SliceRange {
  readonly axis: number;
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

/** The first index, and how many are taken. */
export function resolveRange({ start, end, step }: SliceRange, size: number): { first: number; count: number } {
  const clamp = (index: number, low: number, high: number): number => Math.min(Math.max(index, low), high);
  const from = start < 0 ? start + size : start;
  const to = end < 0 ? end + size : end;
  const first = step > 0 ? clamp(from, 0, size) : clamp(from, -1, size - 1);
  const last = step > 0 ? clamp(to, 0, size) : clamp(end < -size ? -1 : to, -1, size - 1);
  return { first, count: Math.max(0, Math.ceil((last - first) / step)) };
}

const slice: ShapeRule = ({ inputs }) => {
  const { type, shape } = inputs[0]!;
  const sizes: Dim[] = [...shape];
  for (const range of sliceRanges(inputs)) {
    const size = sizes[range.axis] as Dim;
    if (typeof size === "number") sizes[range.axis] = resolveRange(range, size).count;
    else if (range.start !== 0 || range.step !== 1 || range.end < 2 ** 31 - 1)
      throw new PacelineError("unsupported", `Slice of the axis ${range.axis}, whose size is ${size}`);
  }
  return [{ type, shape: sizes }];
};

const squeeze: ShapeRule = ({ inputs }) => {
  const { type, shape } = inputs[0]!;
  const axes =
    inputs[1] === undefined
      ? shape.flatMap((size, i) => (size === 1 ? [i] : []))
      : constantNumbers(inputs[1], "Squeeze: the axes").map((axis) => axisOf(axis, shape.length));
  return [{ type, shape: shape.filter((_, i) => !axes.includes(i)) }];
};

const unsqueeze: ShapeRule = ({ inputs }) => {
  const { type, shape } = inputs[0]!;
  const axes = constantNumbers(inputs[1], "Unsqueeze: the axes");
  const rank = shape.length + axes.length;
  const added = axes.map((axis) => axisOf(axis, rank));
  const rest = [...shape];
  return [{ type, shape: Array.from({ length: rank }, (_, i) => (added.includes(i) ? 1 : (rest.shift() as Dim))) }];
};

const expand: ShapeRule = ({ inputs }) => {
  const { type, shape } = inputs[0]!;
  const to = constantNumbers(inputs[1], "Expand: the shape");
  const expanded = broadcast(shape, to);
  if (expanded === undefined)
    throw new PacelineError("bad-input", `Expand: ${shapeText(shape)} does not become ${shapeText(to)}`);
  return [{ type, shape: expanded }];
};

const gather: ShapeRule = ({ inputs, attributes }) => {
  const { type, shape } = inputs[0]!;
  const axis = axisOf(intOf(attributes, "axis", 0), shape.length);
  return [{ type, shape: [...shape.slice(0, axis), ...inputs[1]!.shape, ...shape.slice(axis + 1)] }];
};

const gatherElements: ShapeRule = ({ inputs }) => [{ type: inputs[0]!.type, shape: inputs[1]!.shape }];

const tile: ShapeRule = ({ inputs }) => {
  const repeats = constantNumbers(inputs[1], "Tile: the repeats");
  const { type, shape } = inputs[0]!;
  return [{ type, shape: shape.map((size, i) => multiplyDims([repeats[i] as number, size])) }];
};

const pad: ShapeRule = ({ inputs }) => {
  const { type, shape } = inputs[0]!;
  const pads = constantNumbers(inputs[1], "Pad: the pads");
  const axes = inputs[3] === undefined ? [...shape.keys()] : constantNumbers(inputs[3], "Pad: the axes");
  const sizes: Dim[] = [...shape];
  axes.forEach((axis, i) => {
    const at = axisOf(axis, shape.length);
    const more = (pads[i] as number) + (pads[i + axes.length] as number);
    const size = sizes[at] as Dim;
    if (typeof size === "number") sizes[at] = size + more;
    else if (more !== 0) throw new PacelineError("unsupported", `Pad of the axis ${at}, whose size is ${size}`);
  });
  return [{ type, shape: sizes }];
};

/** Axes that a reduction goes over: by input from operator set 18 on (ReduceSum: 13), by attribute before. */
export function reducedAxes({ inputs, attributes }: Pick<ShapeQuestion, "inputs" | "attributes">): readonly number[] {
  const rank = inputs[0]!.shape.length;
  const axes = inputs[1] === undefined ? intsOf(attributes, "axes") : constantNumbers(inputs[1], "the axes");
  if (axes === undefined || axes.length === 0)
    return intOf(attributes, "noop_with_empty_axes", 0) === 1 ? [] : [...inputs[0]!.shape.keys()];
  return axes.map((axis) => axisOf(axis, rank));
}

function withoutAxes(shape: Shape, axes: readonly number[], keep: boolean): Shape {
  return keep ? shape.map((size, i) => (axes.includes(i) ? 1 : size)) : shape.filter((_, i) => !axes.includes(i));
}

const reduce: ShapeRule = (question) => {
  const { type, shape } = question.inputs[0]!;
  return [{ type, shape: withoutAxes(shape, reducedAxes(question), intOf(question.attributes, "keepdims", 1) === 1) }];
};

const argMax: ShapeRule = ({ inputs, attributes }) => {
  const { shape } = inputs[0]!;
  const axis = axisOf(intOf(attributes, "axis", 0), shape.length);
  return [{ type: "int64", shape: withoutAxes(shape, [axis], intOf(attributes, "keepdims", 1) === 1) }];
};

const oneHot: ShapeRule = ({ inputs, attributes }) => {
  const depth = constantNumbers(inputs[1], "OneHot: the depth")[0] as number;
  const { shape } = inputs[0]!;
  const axis = axisOf(intOf(attributes, "axis", -1), shape.length + 1);
  return [{ type: inputs[2]!.type, shape: [...shape.slice(0, axis), depth, ...shape.slice(axis)] }];
};

const constantOfShape: ShapeRule = ({ inputs, attributes }) => {
  const value = attributes["value"];
  const type = value?.kind === "tensor" ? value.value.type : "float32";
  const known = isConstant(inputs[0]!);
  const rank = inputs[0]!.shape[0];
  const shape = known
    ? constantNumbers(inputs[0], "ConstantOfShape: the shape")
    : Array.from({ length: typeof rank === "number" ? rank : 0 }, (_, i) => `filled${i}`);
  return [{ type, shape }];
};

const range: ShapeRule = ({ inputs }) => [{ type: inputs[0]!.type, shape: ["range"] }];

export const STRUCTURE: ShapeRules = {
  Reshape: reshape,
  Flatten: flatten,
  Transpose: transpose,
  Concat: concat,
  Split: split,
  Slice: slice,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Expand: expand,
  Gather: gather,
  GatherElements: gatherElements,
  Tile: tile,
  Pad: pad,
  ReduceSum: reduce,
  ReduceMean: reduce,
  ReduceMax: reduce,
  ReduceMin: reduce,
  ReduceProd: reduce,
  ReduceL1: reduce,
  ReduceL2: reduce,
  ReduceSumSquare: reduce,
  ReduceLogSumExp: reduce,
  ArgMax: argMax,
  OneHot: oneHot,
  ConstantOfShape: constantOfShape,
  Range: range,
  Shape: ({ inputs, attributes }) => {
    const { shape } = inputs[0]!;
    const sizes = shape.slice(intOf(attributes, "start", 0), intOf(attributes, "end", shape.length));
    return [{ type: "int64", shape: [sizes.length] }];
  },
  Size: () => [{ type: "int64", shape: [] }],
};
