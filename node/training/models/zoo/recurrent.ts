import { int, ints, text, type Value } from "../../graph/graph.ts";
import type { Initialiser } from "../model.ts";
import type { ModelBuilder } from "../modelBuilder.ts";

/** Rows of a table by number: numbers [batch, …] to [batch, …, width]. */
export function embedding(builder: ModelBuilder, name: string, numbers: Value, rows: number, width: number): Value {
  const table = builder.param(name, [rows, width], { kind: "normal", stddev: 0.1 });
  return builder.graph.node("Gather", [table, numbers]);
}

/**
 * A layer of LSTM cells (Hochreiter and Schmidhuber, 1997, with forget gates): [batch, steps, inputs] to [batch, steps, hidden ·
 * directions]. Weights as ONNX has them: gates input, output, forget, cell behind each other.
 */
export function lstmLayer(
  builder: ModelBuilder,
  name: string,
  input: Value,
  hidden: number,
  bidirectional = false,
): Value {
  const { graph } = builder;
  const [, steps, inputs] = input.shape as [string, number, number];
  const directions = bidirectional ? 2 : 1;
  // as PyTorch starts its recurrent layers
  const initial: Initialiser = { kind: "uniform", limit: 1 / Math.sqrt(hidden) };
  const states = graph.node(
    "LSTM",
    [
      graph.node("Transpose", [input], { perm: ints([1, 0, 2]) }),
      builder.param(`${name}.input`, [directions, 4 * hidden, inputs], initial),
      builder.param(`${name}.recurrent`, [directions, 4 * hidden, hidden], initial),
      builder.param(`${name}.bias`, [directions, 8 * hidden], initial),
    ],
    { hidden_size: int(hidden), ...(bidirectional ? { direction: text("bidirectional") } : {}) },
  );
  // [steps, directions, batch, hidden]
  const byExample = graph.node("Transpose", [states], { perm: ints([2, 0, 1, 3]) });
  return graph.node("Reshape", [byExample, graph.ints([-1, steps, directions * hidden])]);
}

/** x·W + b on the last axis of [batch, steps, units]. */
export function denseBySteps(
  builder: ModelBuilder,
  name: string,
  input: Value,
  outputs: number,
  initial: Initialiser,
): Value {
  const weight = builder.param(`${name}.weight`, [input.shape.at(-1) as number, outputs], initial);
  const product = builder.graph.node("MatMul", [input, weight]);
  return builder.graph.node("Add", [product, builder.param(`${name}.bias`, [outputs], { kind: "constant", value: 0 })]);
}
