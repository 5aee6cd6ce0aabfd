import { seededRandom, type Random } from "../../../node/core/random.ts";
import { multiplyDims } from "../../../node/training/graph/dims.ts";
import type { Value } from "../../../node/training/graph/graph.ts";
import { elementCount, initialParams, type Model, type TargetSpec } from "../../../node/training/models/model.ts";
import { ModelBuilder } from "../../../node/training/models/modelBuilder.ts";
import type { Examples, ExampleTensor } from "../../../node/training/trainer.ts";

/** A model with params and examples to try it on. */
export interface Case {
  readonly model: Model;
  readonly params: Float32Array;
  readonly examples: Examples;
}

/** Normal with a deviation of 1. */
export const NORMAL = { kind: "normal", stddev: 1 } as const;

/**
 * The smallest model around an operator: what `build` makes of its examples and params is told by squared error from random
 * targets, which gives every output another gradient.
 * @param build returns a value [batch, …]; examples come before params
 * @param integersBelow int32 inputs are drawn from 0 … integersBelow − 1
 */
export function operatorCase(build: (builder: ModelBuilder) => Value, count = 3, integersBelow = 4): Case {
  const builder = new ModelBuilder();
  const made = builder.graph.node("Flatten", [build(builder)]);
  const width = multiplyDims(made.shape.slice(1)) as number;
  const model = builder.build(made, { kind: "mean-squared-error" }, { type: "float32", shape: [width], classes: 0 });
  return { model, params: initialParams(model, 5), examples: randomExamples(model, count, integersBelow) };
}

/** Examples that fit the model: normal numbers, and integers from 0 on. */
export function randomExamples(model: Model, count: number, integersBelow = 4): Examples {
  const random = seededRandom(count, 11);
  const inputs = model.graph.inputs.slice(0, model.exampleInputs).map(({ type, shape }) => {
    const each = shape.slice(1) as number[];
    return type === "float32" ? numbers(random, count, each) : integers(random, count, each, integersBelow);
  });
  return { count, inputs, targets: randomTargets(random, count, model.targets), classes: model.targets.classes };
}

function randomTargets(random: Random, count: number, { type, shape, classes }: TargetSpec): ExampleTensor {
  return type === "float32" ? numbers(random, count, shape) : integers(random, count, shape, classes);
}

function numbers(random: Random, count: number, shape: readonly number[]): ExampleTensor {
  return { shape, values: Float32Array.from({ length: count * elementCount(shape) }, () => random.normal()) };
}

function integers(random: Random, count: number, shape: readonly number[], below: number): ExampleTensor {
  return { shape, values: Int32Array.from({ length: count * elementCount(shape) }, () => random.below(below)) };
}
