import { intOf, intsOf } from "../../graph/attributes.ts";
import type { GraphBuilder } from "../../graph/builder.ts";
import { type Value, int } from "../../graph/graph.ts";
import { type Windows, windowsOf } from "../../graph/shapes/layers.ts";
import type { Lowering } from "../emission.ts";
import { dense } from "../gradient.ts";
import type { Tape } from "../tape.ts";
import { defineImage, imageOf, once } from "./layoutForm.ts";
import { type PositionTable, lookUp, product, reordered, reversed, windowTable } from "./layoutTable.ts";

/** AveragePool: padding counts where `count_include_pad` says so; what lies behind the padding never does. */
export const averagePool: Lowering = (emission, node) => {
  const image = imageOf(emission, node.inputs[0] as Value);
  const kernel = intsOf(node.attributes, "kernel_shape") ?? [];
  const windows = windowsOf(node.operator, node.attributes, image.spatial, kernel);
  const table = windowTable(image.spatial, windows);
  const counted = intOf(node.attributes, "count_include_pad", 0) === 1 ? paddedTable(image.spatial, windows) : table;
  const shares = tapCounts(counted).map((count) => 1 / count);
  defineImage(emission, node.outputs[0] as Value, {
    channels: image.channels,
    spatial: windows.outputs,
    order: undefined,
    value: once(() => averaged(emission.tape, image.value(), reordered(table, image.order, undefined), shares)),
  });
};

/** The same windows over the image with its padding. */
function paddedTable(spatial: readonly number[], windows: Windows): PositionTable {
  const { padsBefore, padsAfter } = windows;
  const sizes = spatial.map((size, axis) => size + (padsBefore[axis] as number) + (padsAfter[axis] as number));
  return windowTable(sizes, { ...windows, padsBefore: spatial.map(() => 0) });
}

/** By row, how often it looks at something. */
function tapCounts({ rows, source }: PositionTable): readonly number[] {
  const counts = new Array<number>(rows).fill(0);
  source.forEach((position, i) => {
    if (position >= 0) counts[i % rows] = (counts[i % rows] as number) + 1;
  });
  return counts;
}

/** @param shares by row, what each of the values seen counts */
function averaged(tape: Tape, image: Value, table: PositionTable, shares: readonly number[]): Value {
  const { builder } = tape;
  const scaled = (of: GraphBuilder, value: Value): Value =>
    of.node("Mul", [value, of.floats(shares, [shares.length, 1])]);
  const seen = lookUp(builder, image, table);
  const result = scaled(builder, builder.node("ReduceSum", [seen, builder.ints([1])], { keepdims: int(0) }));
  tape.group("AveragePool", [image], [result], (backward, [atResult]) => {
    const seenBy = lookUp(backward, scaled(backward, atResult as Value), reversed(table));
    return [dense(backward.node("ReduceSum", [seenBy, backward.ints([1])], { keepdims: int(0) }))];
  });
  return result;
}

export const globalAveragePool: Lowering = (emission, node) => {
  const image = imageOf(emission, node.inputs[0] as Value);
  defineImage(emission, node.outputs[0] as Value, {
    channels: image.channels,
    spatial: image.spatial.map(() => 1),
    order: undefined,
    value: once(() => mean(emission.tape, image.value(), product(image.spatial))),
  });
};

function mean(tape: Tape, image: Value, positions: number): Value {
  const { builder } = tape;
  const result = builder.node("ReduceMean", [image, builder.ints([1])], { keepdims: int(1) });
  tape.group("GlobalAveragePool", [image], [result], (backward, [atResult]) => {
    const share = backward.node("Mul", [atResult, backward.floats([1 / positions], [])]);
    return [dense(backward.node("Gather", [share, backward.ints32(new Int32Array(positions))], { axis: int(1) }))];
  });
  return result;
}
