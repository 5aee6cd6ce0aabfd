import type { GraphBuilder } from "../graph/builder.ts";
import { type Constant, type Value, int, isConstant } from "../graph/graph.ts";
import { toInt64 } from "./gradient.ts";

/**
 * Narrow tables in the place of wide ones: only the rows that some lookups read. The engine copies a whole table to add to a few of
 * its rows, and optimisers with a state go over all of them.
 */
export interface RowChoice {
  /** Into narrow tables; int64, of the shapes of the indices into wide ones. */
  readonly indices: readonly Value[];
  narrow(table: Value): Value;
  /** Puts the rows back into the table that they came from. */
  widen(table: Value, narrow: Value): Value;
}

/**
 * @param indices integers of any shape, −rows … rows − 1
 * @param rows of the tables; int64 [1]
 */
export type ChooseRows = (builder: GraphBuilder, indices: readonly Value[], rows: Value) => RowChoice;

/** Each row that is looked up, once, in the tables' order. Takes time by the number of rows. */
export const touchedRows: ChooseRows = (builder, indices, rows) => {
  const flat = flattened(builder, indices);
  const ones = filled(builder, builder.node("Shape", [flat]), 1n);
  const marks = builder.node("ScatterElements", [filled(builder, rows, 0n), flat, ones]);
  const [found] = builder.typedNodes("NonZero", [marks], [{ type: "int64", shape: [1, builder.freshName("touched")] }]);
  const touched = builder.node("Reshape", [found, builder.ints([-1])]);
  const places = builder.node("Sub", [builder.node("CumSum", [marks, builder.ints([0], [])]), builder.ints([1], [])]);
  return {
    indices: indices.map((index) => builder.node("Gather", [places, index])),
    narrow: (table) => builder.node("Gather", [table, touched]),
    widen: (table, narrow) => putRows(builder, table, touched, narrow),
  };
};

/**
 * A row for each lookup; where several read the same row, the last one's stands for it and the others' are not used. Takes time by the
 * number of lookups.
 */
export const visitedRows: ChooseRows = (builder, indices, rows) => {
  const flat = flattened(builder, indices);
  const numbers = builder.node("Range", [builder.ints([0], []), builder.node("Size", [flat]), builder.ints([1], [])]);
  // ScatterElements writes one after the other, so that the last one stays
  const standIns = builder.node("ScatterElements", [filled(builder, rows, 0n), flat, numbers]);
  const chosen = indices.map((index) => builder.node("Gather", [standIns, index]));
  const all = flattened(builder, chosen);
  return {
    indices: chosen,
    narrow: (table) => builder.node("Gather", [table, flat]),
    widen: (table, narrow) => putRows(builder, table, flat, builder.node("Gather", [narrow, all])),
  };
};

/** All indices behind each other. */
function flattened(builder: GraphBuilder, indices: readonly Value[]): Value {
  const flat = indices.map((index) => {
    const wide = toInt64(builder, index);
    return wide.shape.length === 1 ? wide : builder.node("Reshape", [wide, builder.ints([-1])]);
  });
  return flat.length === 1 ? (flat[0] as Value) : builder.node("Concat", flat, { axis: int(0) });
}

/** `size` numbers. */
function filled(builder: GraphBuilder, size: Value, value: 0n | 1n): Value {
  const tensor: Constant = { name: "filling", type: "int64", shape: [1], data: BigInt64Array.of(value) };
  const shape = isConstant(size) ? Array.from(size.data, Number) : ["filled"];
  const [made] = builder.typedNodes("ConstantOfShape", [size], [{ type: "int64", shape }], {
    value: { kind: "tensor", value: tensor },
  });
  return made as Value;
}

/** Rows that are there twice have the same values. */
function putRows(builder: GraphBuilder, table: Value, rows: Value, values: Value): Value {
  return builder.node("ScatterND", [table, builder.node("Unsqueeze", [rows, builder.ints([1])]), values]);
}
