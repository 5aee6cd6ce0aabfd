import { z } from "zod";
import type { Value } from "../../graph/graph.ts";
import { glorot, type Initialiser, type Model, ZEROS } from "../model.ts";
import { ModelBuilder } from "../modelBuilder.ts";
import { CLASSES, UNITS } from "./limits.ts";

/** Models on rows of numbers: regressions, and the multi-layer perceptron. */

/** x·W + b, with W [inputs, outputs]. */
export function denseLayer(
  builder: ModelBuilder,
  name: string,
  input: Value,
  outputs: number,
  initial?: Initialiser,
): Value {
  const inputs = input.shape.at(-1) as number;
  const weight = builder.param(`${name}.weight`, [inputs, outputs], initial ?? glorot(inputs, outputs));
  const bias = builder.param(`${name}.bias`, [outputs], ZEROS);
  return builder.graph.node("Gemm", [input, weight, bias]);
}

export const softmaxRegressionSchema = z.strictObject({
  kind: z.literal("softmax-regression"),
  inputs: UNITS,
  classes: CLASSES,
});

export function softmaxRegression({ inputs, classes }: z.infer<typeof softmaxRegressionSchema>): Model {
  return perceptron(inputs, [], classes);
}

export const mlpSchema = z.strictObject({
  kind: z.literal("mlp"),
  inputs: UNITS,
  /** Units of each hidden layer; ReLU behind each. */
  hidden: z.array(UNITS).min(1).max(8),
  /** 0 to tell a number instead of a class. */
  classes: z.union([z.literal(0), CLASSES]),
  /** Share of each hidden layer's units that a step leaves out. */
  dropout: z.number().min(0).max(0.9).optional(),
});

export function mlp({ inputs, hidden, classes, dropout }: z.infer<typeof mlpSchema>): Model {
  return perceptron(inputs, hidden, classes, dropout);
}

/** Least squares; one target a row. */
export const linearRegressionSchema = z.strictObject({ kind: z.literal("linear-regression"), inputs: UNITS });

export function linearRegression({ inputs }: z.infer<typeof linearRegressionSchema>): Model {
  return perceptron(inputs, [], 0);
}

function perceptron(inputs: number, hidden: readonly number[], classes: number, dropout = 0): Model {
  const builder = new ModelBuilder();
  let activation = builder.example("features", "float32", [inputs]);
  hidden.forEach((units, i) => {
    activation = builder.graph.node("Relu", [denseLayer(builder, `dense${i + 1}`, activation, units)]);
    if (dropout > 0) activation = dropOut(builder, activation, dropout);
  });
  const outputs = denseLayer(builder, `dense${hidden.length + 1}`, activation, classes === 0 ? 1 : classes);
  return classes === 0 ? telling(builder, outputs) : classifying(builder, outputs, classes);
}

export function dropOut(builder: ModelBuilder, value: Value, ratio: number): Value {
  return builder.graph.node("Dropout", [value, builder.graph.floats([ratio], [])]);
}

/** A model whose outputs are logits, one a class. */
export function classifying(builder: ModelBuilder, logits: Value, classes: number): Model {
  const shape = logits.shape.slice(1, -1) as number[];
  return builder.build(logits, { kind: "softmax-cross-entropy" }, { type: "int32", shape, classes });
}

/** A model whose outputs are one number an example. */
function telling(builder: ModelBuilder, outputs: Value): Model {
  const flat = builder.graph.node("Reshape", [outputs, builder.graph.ints([-1])]);
  return builder.build(flat, { kind: "mean-squared-error" }, { type: "float32", shape: [], classes: 0 });
}
