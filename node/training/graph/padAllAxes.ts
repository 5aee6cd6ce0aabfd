import { axisOf } from "./attributes.ts";
import { isConstant, type Value } from "./graph.ts";

/**
 * The inputs of a Pad, with pads for all axes in the place of those for some. ONNX Runtime 1.30 moves transpositions through a Pad
 * as if there were none but pads for all axes, and fails when it runs.
 * @param constant makes int64 of what it is given
 */
export function padAllAxes(
  inputs: readonly (Value | undefined)[],
  constant: (values: readonly number[]) => Value,
): readonly (Value | undefined)[] {
  const [data, pads, fill, axes] = inputs;
  if (data === undefined || pads === undefined || axes === undefined) return inputs;
  if (!isConstant(pads) || !isConstant(axes)) return inputs;
  const rank = data.shape.length;
  const all = new Array<number>(2 * rank).fill(0);
  axes.data.forEach((axis: number | bigint, i: number) => {
    const at = axisOf(Number(axis), rank);
    all[at] = Number(pads.data[i]);
    all[rank + at] = Number(pads.data[i + axes.data.length]);
  });
  return [data, constant(all), fill];
}
