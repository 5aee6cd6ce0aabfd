import type { GraphBuilder } from "../../graph/builder.ts";
import { type Value, int } from "../../graph/graph.ts";
import type { Windows } from "../../graph/shapes/layers.ts";

/**
 * Which position of an image is looked at from which: what convolution and pooling, forwards and backwards, are made of. Values are
 * [channels, positions, batch], so that one constant table does for batches of any size, and each look-up moves a row of memory.
 */
export interface PositionTable {
  /** Positions that are looked at. */
  readonly sources: number;
  /** Positions that look. */
  readonly rows: number;
  /** Looks a row. */
  readonly taps: number;
  /** The source by tap and row (`tap * rows + row`); −1 is outside the image. No tap looks twice at the same source. */
  readonly source: Int32Array;
}

/** Windows over an image; its positions and the windows are counted row-major, and so are the taps of a window. */
export function windowTable(spatial: readonly number[], windows: Windows): PositionTable {
  const taps = grid(windows.kernel);
  const rows = grid(windows.outputs);
  const source = new Int32Array(taps.length * rows.length);
  taps.forEach((tap, t) => {
    rows.forEach((row, r) => {
      source[t * rows.length + r] = spatial.reduce((position, size, axis) => {
        const [stride, dilation] = [windows.strides[axis] as number, windows.dilations[axis] as number];
        const at =
          (row[axis] as number) * stride + (tap[axis] as number) * dilation - (windows.padsBefore[axis] as number);
        return position < 0 || at < 0 || at >= size ? -1 : position * size + at;
      }, 0);
    });
  });
  return { sources: product(spatial), rows: rows.length, taps: taps.length, source };
}

/** All places of a grid, row-major. */
function grid(sizes: readonly number[]): readonly (readonly number[])[] {
  return sizes.reduce<readonly (readonly number[])[]>(
    (places, size) => places.flatMap((place) => Array.from({ length: size }, (_, i) => [...place, i])),
    [[]],
  );
}

export function product(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total * size, 1);
}

/** From whom each source is looked at: the table of the way back. */
export function reversed({ sources, rows, taps, source }: PositionTable): PositionTable {
  const back = new Int32Array(taps * sources).fill(-1);
  source.forEach((position, i) => {
    if (position >= 0) back[Math.floor(i / rows) * sources + position] = i % rows;
  });
  return { sources: rows, rows: sources, taps, source: back };
}

/**
 * The same table where sources or rows stand in another order.
 * @param sourceOrder the sources' old numbers in their new order; all of them
 * @param rowOrder the same of the rows
 */
export function reordered(
  table: PositionTable,
  sourceOrder: readonly number[] | undefined,
  rowOrder: readonly number[] | undefined,
): PositionTable {
  const { rows, taps } = table;
  const place = new Map(sourceOrder?.map((old, now) => [old, now]));
  const source = Int32Array.from({ length: taps * rows }, (_, i) => {
    const row = rowOrder?.[i % rows] ?? i % rows;
    const old = table.source[i - (i % rows) + row] as number;
    return place.get(old) ?? old;
  });
  return { ...table, source };
}

/** With one more row, which looks only at what is outside, and so finds zeros. */
export function withEmptyRow({ sources, rows, taps, source }: PositionTable): PositionTable {
  const more = new Int32Array(taps * (rows + 1)).fill(-1);
  for (let tap = 0; tap < taps; tap++) more.set(source.subarray(tap * rows, (tap + 1) * rows), tap * (rows + 1));
  return { sources, rows: rows + 1, taps, source: more };
}

export function leavesImage({ source }: PositionTable): boolean {
  return source.includes(-1);
}

/** Whether each row looks at the source of its own number, once. */
export function isIdentity({ sources, rows, taps, source }: PositionTable): boolean {
  return taps === 1 && rows === sources && source.every((position, i) => position === i);
}

/**
 * What each row sees.
 * @param value [channels, sources, batch]
 * @param outside what is seen outside the image
 * @returns [channels, taps, rows, batch]
 */
export function lookUp(builder: GraphBuilder, value: Value, table: PositionTable, outside = 0): Value {
  const [channels] = value.shape as [number];
  if (isIdentity(table)) return builder.node("Reshape", [value, builder.ints([channels, 1, table.rows, -1])]);
  const source = leavesImage(table) ? withPosition(builder, value, outside) : value;
  const indices = table.source.map((position) => (position < 0 ? table.sources : position));
  return builder.node("Gather", [source, builder.ints32(indices, [table.taps, table.rows])], { axis: int(1) });
}

/** With one position more behind the others. */
export function withPosition(builder: GraphBuilder, value: Value, filled = 0): Value {
  const fill = filled === 0 ? undefined : builder.floats([filled], []);
  return builder.node("Pad", [value, builder.ints([0, 1]), fill, builder.ints([1])]);
}

/**
 * The sum of what each row sees, where every tap has an image of its own.
 * @param value [channels, positions, batch]: the sources of the first tap, then those of the next
 * @param zero a position that is zero; needed where the table leaves the image
 * @returns [channels, rows, batch]
 */
export function sumUp(builder: GraphBuilder, value: Value, table: PositionTable, zero: number): Value {
  if (isIdentity(table)) return value;
  const { taps, rows, sources } = table;
  const indices = table.source.map((position, i) => (position < 0 ? zero : Math.floor(i / rows) * sources + position));
  if (taps === 1) return builder.node("Gather", [value, builder.ints32(indices)], { axis: int(1) });
  const seen = builder.node("Gather", [value, builder.ints32(indices, [taps, rows])], { axis: int(1) });
  return builder.node("ReduceSum", [seen, builder.ints([1])], { keepdims: int(0) });
}
