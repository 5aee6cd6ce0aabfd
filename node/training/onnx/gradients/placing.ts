import type { GraphBuilder } from "../../graph/builder.ts";
import { type Value, int } from "../../graph/graph.ts";

/** Parts of an axis, put back where they came from. */

/** `value` with zeros before and behind it along an axis. */
export function padded(builder: GraphBuilder, value: Value, axis: number, before: number, behind: number): Value {
  if (before === 0 && behind === 0) return value;
  return builder.node("Pad", [value, builder.ints([before, behind]), undefined, builder.ints([axis])]);
}

/**
 * Zeros but for `value`, whose i-th part along `axis` lies at the position `from[i]`: one Pad where these follow each other, else one
 * Gather from `value` with a zero behind it.
 * @param size of the axis afterwards
 * @param from distinct, 0 … size − 1
 */
export function putBack(
  builder: GraphBuilder,
  value: Value,
  axis: number,
  size: number,
  from: readonly number[],
): Value {
  const first = from[0] ?? 0;
  if (from.every((position, i) => position === first + i))
    return padded(builder, value, axis, first, size - from.length - first);
  const places = new Map(from.map((position, i) => [position, i]));
  const back = Array.from({ length: size }, (_, position) => places.get(position) ?? from.length);
  const source = from.length === size ? value : padded(builder, value, axis, 0, 1);
  return builder.node("Gather", [source, builder.ints(back)], { axis: int(axis) });
}
