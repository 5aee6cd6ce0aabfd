import { intsOf } from "../../graph/attributes.ts";
import type { Node, Value } from "../../graph/graph.ts";
import { windowsOf } from "../../graph/shapes/layers.ts";
import type { Emission } from "../emission.ts";
import { keepsLayout } from "./layoutOperators.ts";
import { type PositionTable, windowTable } from "./layoutTable.ts";

/**
 * The order in which the positions of an image serve its reader best: for a MaxPool, behind operators that go element by element,
 * first all that windows see first, then all that they see second, and so on: pooling then cuts and joins whole stretches.
 * @returns undefined for row-major order
 */
export function preferredOrder(emission: Emission, value: Value): readonly number[] | undefined {
  const reader = onlyReader(emission, value);
  if (reader === undefined) return undefined;
  if (reader.operator !== "MaxPool")
    return keepsLayout(reader) ? preferredOrder(emission, reader.outputs[0] as Value) : undefined;
  const spatial = value.shape.slice(2) as number[];
  return tapOrder(
    windowTable(
      spatial,
      windowsOf("MaxPool", reader.attributes, spatial, intsOf(reader.attributes, "kernel_shape") ?? []),
    ),
  );
}

export function onlyReader(emission: Emission, value: Value): Node | undefined {
  const readers = emission.readersOf(value);
  return readers.length === 1 && !emission.isOutput(value) ? readers[0] : undefined;
}

/** Positions by tap, then those that nobody sees; undefined where windows overlap or leave the image. */
function tapOrder({ source, sources }: PositionTable): readonly number[] | undefined {
  const seen = new Set(source);
  if (seen.size < source.length || seen.has(-1)) return undefined;
  return [
    ...source,
    ...Array.from({ length: sources }, (_, position) => position).filter((position) => !seen.has(position)),
  ];
}
