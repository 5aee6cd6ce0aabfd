import { intOf } from "../../graph/attributes.ts";
import type { GraphBuilder } from "../../graph/builder.ts";
import { type Value, int, ints } from "../../graph/graph.ts";
import { windowsOf } from "../../graph/shapes/layers.ts";
import type { Lowering } from "../emission.ts";
import { dense } from "../gradient.ts";
import type { Tape } from "../tape.ts";
import { type ConvPlan, convPlan } from "./convPlan.ts";
import { type BatchLast, biased, defineImage, imageOf, once } from "./layoutForm.ts";
import { preferredOrder } from "./layoutOrder.ts";
import {
  type PositionTable,
  leavesImage,
  lookUp,
  product,
  reversed,
  sumUp,
  withEmptyRow,
  withPosition,
} from "./layoutTable.ts";

/** Conv along any number of axes, as a matrix product of the kernels and what each window sees. */
export const conv: Lowering = (emission, node) => {
  const [input, kernels, bias] = node.inputs as [Value, Value, Value?];
  const output = node.outputs[0] as Value;
  const image = imageOf(emission, input);
  const windows = windowsOf(node.operator, node.attributes, image.spatial, kernels.shape.slice(2) as number[]);
  const groups = intOf(node.attributes, "group", 1);
  const order = preferredOrder(emission, output);
  const channels = kernels.shape[0] as number;
  const plan = convPlan({
    spatial: image.spatial,
    windows,
    channelsIn: image.channels / groups,
    channelsOut: channels / groups,
    orderIn: image.order,
    orderOut: order,
  });
  const convolved: BatchLast = {
    channels,
    spatial: windows.outputs,
    order,
    value: once(() => convolve(emission.tape, image.value(), emission.valueOf(kernels), plan, groups)),
  };
  if (bias === undefined) return defineImage(emission, output, convolved);
  const apply = (value: Value): Value => biased(emission.tape, value, emission.valueOf(bias));
  // the bias waits, as there may be fewer values behind a pooling
  const value = once(() => apply(convolved.value()));
  defineImage(emission, output, { ...convolved, value, rising: { of: convolved, apply } });
};

/**
 * @param image [channels, positions, batch]
 * @param kernels [channels out, channels in of a group, …]
 */
function convolve(tape: Tape, image: Value, kernels: Value, plan: ConvPlan, groups: number): Value {
  const { builder } = tape;
  const { unfold, fold, parts } = plan;
  const channels = kernels.shape[0] as number;
  const columns = asMatrices(builder, lookUp(builder, image, unfold), groups);
  const matrix = kernelMatrix(builder, kernels, parts, groups);
  const made = asImage(builder, multiply(builder, [matrix], [columns]), channels, parts * unfold.rows);
  const result = fold === undefined ? made : sumUp(builder, made, foldOf(fold, unfold), unfold.rows - 1);
  tape.group("Conv", [image, kernels], [result], (backward, [atResult], [imageWanted, kernelsWanted]) => {
    const spread =
      fold === undefined ? (atResult as Value) : lookUp(backward, atResult as Value, withEmptyRow(reversed(fold)));
    const atColumns = (at: Value): Value =>
      multiply(backward, [matrix, "transposed"], [asMatrices(backward, at, groups)]);
    const atMatrix = (): Value => multiply(backward, [asMatrices(backward, spread, groups)], [columns, "transposed"]);
    return [
      imageWanted === true ? dense(foldBack(backward, spread, atColumns, image, plan)) : undefined,
      kernelsWanted === true ? dense(asKernels(backward, atMatrix(), kernels, parts)) : undefined,
    ];
  });
  return result;
}

/** The fold finds its sources among the columns, of which there is one more: the empty one. */
function foldOf(fold: PositionTable, { rows }: PositionTable): PositionTable {
  return { ...fold, sources: rows };
}

/** The gradient at the image: each position sums up that of the columns which saw it. */
function foldBack(
  builder: GraphBuilder,
  spread: Value,
  atColumns: (at: Value) => Value,
  image: Value,
  { unfold, fold }: ConvPlan,
): Value {
  const back = reversed(unfold);
  const needsZero = fold === undefined && leavesImage(back);
  const made = atColumns(needsZero ? withPosition(builder, spread) : spread);
  const columns = unfold.rows + (needsZero ? 1 : 0);
  const seen = asImage(builder, made, image.shape[0] as number, unfold.taps * columns);
  return sumUp(builder, seen, { ...back, sources: columns }, columns - 1);
}

/** [channels, parts or taps, positions, batch] as one matrix [channels × parts, positions × batch] a group. */
function asMatrices(builder: GraphBuilder, value: Value, groups: number): Value {
  const rows = product(value.shape.slice(0, value.shape.length === 4 ? 2 : 1) as number[]);
  return builder.node("Reshape", [value, builder.ints(groups === 1 ? [rows, -1] : [groups, rows / groups, -1])]);
}

function asImage(builder: GraphBuilder, matrices: Value, channels: number, positions: number): Value {
  return builder.node("Reshape", [matrices, builder.ints([channels, positions, -1])]);
}

/** [channels out × parts, channels in × taps] a group. */
function kernelMatrix(builder: GraphBuilder, kernels: Value, parts: number, groups: number): Value {
  const [channels, channelsIn, ...kernel] = kernels.shape as number[] as [number, number, ...number[]];
  const rows = channels * parts;
  const target = [rows / groups, channelsIn * (product(kernel) / parts)];
  const turned = parts === 1 ? kernels : swapped(builder, kernels, [channels, channelsIn, parts, -1]);
  return builder.node("Reshape", [turned, builder.ints(groups === 1 ? target : [groups, ...target])]);
}

/** The inverse of `kernelMatrix`. */
function asKernels(builder: GraphBuilder, matrix: Value, { shape }: Value, parts: number): Value {
  const [channels, channelsIn] = shape as [number, number];
  const turned = parts === 1 ? matrix : swapped(builder, matrix, [channels, parts, channelsIn, -1]);
  return builder.node("Reshape", [turned, builder.ints(shape as number[])]);
}

/** In the given shape of four axes, with the two in the middle swapped. */
function swapped(builder: GraphBuilder, value: Value, shape: readonly number[]): Value {
  const parted = builder.node("Reshape", [value, builder.ints(shape)]);
  return builder.node("Transpose", [parted], { perm: ints([0, 2, 1, 3]) });
}

type Factor = readonly [Value, "transposed"?];

/** A product of two matrices, or of as many as there are groups. */
function multiply(builder: GraphBuilder, [a, turnA]: Factor, [b, turnB]: Factor): Value {
  if (a.shape.length === 2) {
    if (turnA === undefined && turnB === undefined) return builder.node("MatMul", [a, b]);
    const turns = {
      ...(turnA === undefined ? {} : { transA: int(1) }),
      ...(turnB === undefined ? {} : { transB: int(1) }),
    };
    return builder.node("Gemm", [a, b], turns);
  }
  const turned = (value: Value, turn: "transposed" | undefined): Value =>
    turn === undefined ? value : builder.node("Transpose", [value], { perm: ints([0, 2, 1]) });
  return builder.node("MatMul", [turned(a, turnA), turned(b, turnB)]);
}
