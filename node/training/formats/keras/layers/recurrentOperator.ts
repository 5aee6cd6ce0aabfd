import { int, ints, text, type Value } from "../../../graph/graph.ts";
import type { Cell, CellResult, CellRun } from "./recurrentCell.ts";

/** A recurrent layer as ONNX's operator. */
export function runOperator(cell: Cell, run: CellRun): CellResult {
  const { builder, config, x, units } = run;
  const stepsFirst = builder.node("Transpose", [x], { perm: ints([1, 0, 2]) });
  const resetBehind = isResetBehind(run);
  const inputs = [stepsFirst, gates(cell, run, run.kernel), gates(cell, run, run.recurrentKernel), biases(cell, run)];
  const [states, last] = builder.nodes(
    cell.operator,
    inputs,
    2,
    {
      hidden_size: int(units),
      ...(run.reverse ? { direction: text("reverse") } : {}),
      ...(resetBehind ? { linear_before_reset: int(1) } : {}),
    },
    config.nodeName(),
  ) as [Value, Value];
  // [steps, 1, batch, units] and [1, batch, units]
  const byStep = builder.node("Squeeze", [states, builder.ints([1])]);
  return {
    states: builder.node("Transpose", [byStep], { perm: ints([1, 0, 2]) }),
    last: builder.node("Squeeze", [last, builder.ints([0])]),
  };
}

/** Keras's `reset_after`, which shows in the shape of the bias, or is said where there is none. */
export function isResetBehind({ bias, config }: CellRun): boolean {
  return bias === undefined ? config.flag("reset_after", false) : bias.shape.length === 2;
}

/** [inputs, gates · units] as [1, gates · units, inputs], the gates in ONNX's order. */
function gates(cell: Cell, { builder }: CellRun, weights: Value): Value {
  const turned = builder.node("Transpose", [reordered(cell, builder, weights)], { perm: ints([1, 0]) });
  return builder.node("Unsqueeze", [turned, builder.ints([0])]);
}

function reordered({ order, gates: count }: Cell, builder: CellRun["builder"], weights: Value): Value {
  if (order.every((gate, i) => gate === i)) return weights;
  const axis = { axis: int(-1) };
  const size = (weights.shape.at(-1) as number) / count;
  const sizes = builder.ints(order.map(() => size));
  const parts = builder.nodes("Split", [weights, sizes], count, axis);
  return builder.node(
    "Concat",
    order.map((gate) => parts[gate] as Value),
    axis,
  );
}

/** Those of the inputs and then those of the states, [1, 2 · gates · units]. */
function biases(cell: Cell, { builder, bias, units }: CellRun): Value | undefined {
  if (bias === undefined) return undefined;
  const length = 2 * cell.gates * units;
  if (bias.shape.length === 2) return builder.node("Reshape", [bias, builder.ints([1, length])]);
  const none = builder.floats(new Array<number>(length / 2).fill(0));
  const both = builder.node("Concat", [reordered(cell, builder, bias), none], { axis: int(0) });
  return builder.node("Unsqueeze", [both, builder.ints([0])]);
}
