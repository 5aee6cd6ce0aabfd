import type { LossSpec, Model, TargetSpec } from "../../../node/training/models/model.ts";
import { ModelBuilder } from "../../../node/training/models/modelBuilder.ts";
import type { Examples } from "../../../node/training/trainer.ts";

/** Linear models in plain loops on 64 bits, written without a look at the engines: what the suite holds them against. */

export interface LinearSpec {
  readonly loss: LossSpec;
  /** Rows that an example has, each with a target; 1 where an example is a row. */
  readonly steps?: number;
  readonly inputs: number;
  /** Logits of a row, or numbers told from it. */
  readonly outputs: number;
}

/** outputs = x·W + b, with W [inputs, outputs] before b [outputs] in the params. */
export function linearModel({ loss, steps, inputs, outputs }: LinearSpec): Model {
  const builder = new ModelBuilder();
  const rows = steps === undefined ? [] : [steps];
  const x = builder.example("x", "float32", [...rows, inputs]);
  const weight = builder.param("weight", [inputs, outputs], { kind: "normal", stddev: 0.5 });
  const bias = builder.param("bias", [outputs], { kind: "constant", value: 0.1 });
  const made = builder.graph.node("Add", [builder.graph.node("MatMul", [x, weight]), bias]);
  const classes = loss.kind === "softmax-cross-entropy" ? outputs : loss.kind === "binary-cross-entropy" ? 2 : 0;
  const shape = loss.kind === "softmax-cross-entropy" ? rows : [...rows, outputs];
  const targets: TargetSpec = { type: classes > 0 ? "int32" : "float32", shape, classes };
  return builder.build(made, loss, targets);
}

export interface Reference {
  readonly loss: number;
  readonly gradient: Float64Array;
}

/** Rows of inputs of the given examples, with the outputs that belong to them. */
function* rowsOf(
  { steps = 1, inputs, outputs }: LinearSpec,
  params: Float64Array,
  examples: Examples,
  chosen: readonly number[],
): Generator<{ row: number; x: readonly number[]; y: readonly number[] }> {
  for (const example of chosen) {
    for (let row = example * steps; row < (example + 1) * steps; row++) {
      const x = Array.from(examples.inputs[0]!.values.subarray(row * inputs, (row + 1) * inputs));
      const y = Array.from({ length: outputs }, (_, j) =>
        x.reduce((sum, value, i) => sum + value * params[i * outputs + j]!, params[inputs * outputs + j]!),
      );
      yield { row, x, y };
    }
  }
}

export function referenceOutputs(spec: LinearSpec, params: Float64Array, examples: Examples): number[] {
  return [...rowsOf(spec, params, examples, [...Array(examples.count).keys()])].flatMap(({ y }) => [...y]);
}

/** The mean loss over the targets of the chosen examples, and its gradient. */
export function referenceLossGradient(
  spec: LinearSpec,
  params: Float64Array,
  examples: Examples,
  chosen: readonly number[],
): Reference {
  const { inputs, outputs } = spec;
  const gradient = new Float64Array(params.length);
  let [loss, weight] = [0, 0];
  for (const { row, x, y } of rowsOf(spec, params, examples, chosen)) {
    const told = rowLoss(spec, y, examples.targets.values, row);
    loss += told.loss;
    weight += told.weight;
    told.slopes.forEach((slope, j) => {
      x.forEach((value, i) => (gradient[i * outputs + j]! += slope * value));
      gradient[inputs * outputs + j]! += slope;
    });
  }
  return weight === 0
    ? { loss: 0, gradient }
    : { loss: loss / weight, gradient: gradient.map((value) => value / weight) };
}

/** A row's summed loss, what its targets count, and the loss's slope at each of its outputs. */
function rowLoss(
  { loss, outputs }: LinearSpec,
  y: readonly number[],
  targets: Int32Array | Float32Array,
  row: number,
): { loss: number; weight: number; slopes: readonly number[] } {
  switch (loss.kind) {
    case "softmax-cross-entropy": {
      const target = targets[row]!;
      const weight = target < 0 ? 0 : (loss.classWeights?.[target] ?? 1);
      const total = y.reduce((sum, value) => sum + Math.exp(value), 0);
      const slopes = y.map((value, j) => weight * (Math.exp(value) / total - (j === target ? 1 : 0)));
      return { loss: weight === 0 ? 0 : weight * (Math.log(total) - y[target]!), weight, slopes };
    }
    case "binary-cross-entropy": {
      const goals = y.map((_, j) => targets[row * outputs + j]!);
      const chances = y.map((value) => 1 / (1 + Math.exp(-value)));
      const each = chances.map((p, j) => -Math.log(goals[j] === 1 ? p : 1 - p));
      return { loss: sum(each), weight: outputs, slopes: chances.map((p, j) => p - goals[j]!) };
    }
    case "mean-squared-error": {
      const away = y.map((value, j) => value - targets[row * outputs + j]!);
      return { loss: sum(away.map((value) => value ** 2)), weight: outputs, slopes: away.map((value) => 2 * value) };
    }
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
