import { GraphBuilder } from "../graph/builder.ts";
import type { Graph, Value } from "../graph/graph.ts";
import type { Model } from "../models/model.ts";
import { differentiate } from "./differentiate.ts";
import { Emission, type Lowerings } from "./emission.ts";
import { paramInputs, paramOutputs } from "./flatParams.ts";
import { toDense } from "./gradient.ts";
import { zerosLike } from "./gradients/sizes.ts";
import { lossGradient, lossSum } from "./losses.ts";
import { LOWERINGS } from "./lowerings.ts";
import { predictedNormalisation } from "./lowerings/batchNormalisation.ts";
import { Tape } from "./tape.ts";

/** Graphs that look at a model without changing it. Each takes the flat vector of params and any number of examples. */

const PREDICTION: Lowerings = { BatchNormalization: predictedNormalisation };

interface Opened {
  readonly builder: GraphBuilder;
  readonly tensors: readonly Value[];
  readonly bindings: ReadonlyMap<string, Value>;
}

function open(name: string, model: Model): Opened {
  const builder = new GraphBuilder(name);
  const examples = model.graph.inputs
    .slice(0, model.exampleInputs)
    .map(({ type, shape }, i) => builder.input(`input${i}`, type, shape));
  const tensors = paramInputs(builder, model.tensors);
  const bindings = new Map(
    model.graph.inputs.map((input, i) => [input.name, [...examples, ...tensors][i] as Value] as const),
  );
  return { builder, tensors, bindings };
}

function targetsOf(builder: GraphBuilder, { targets }: Model): Value {
  return builder.input("targets", targets.type, ["batch", ...targets.shape]);
}

/** Outputs `outputs`. The model's nodes run nearly as they are: the engine has fast kernels for them, where no gradient is asked for. */
export function predictionGraph(model: Model): Graph {
  const { builder, bindings } = open("predict", model);
  builder.output(new Emission(new Tape(builder), "infer", model.graph, bindings).run(PREDICTION), "outputs");
  return builder.build();
}

/**
 * Outputs `lossSum` and `gradient`: `scale` times the gradient of that sum, flat. That of statistics is in it, too: training does not
 * follow it, but the loss of a model changes with them as well, and whoever moves them is to be scored for it.
 */
export function gradientGraph(model: Model): Graph {
  const { builder, bindings, tensors } = open("gradient", model);
  const scale = builder.input("scale", "float32", []);
  const targets = targetsOf(builder, model);
  const tape = new Tape(builder);
  const outputs = new Emission(tape, "infer", model.graph, bindings).run(LOWERINGS);
  const loss = { builder, model, outputs, targets };
  const gradients = differentiate(tape, outputs, lossGradient(loss, scale, false), tensors);
  const whole = tensors.map((tensor, i) => {
    const gradient = gradients[i];
    return gradient === undefined ? zerosLike(builder, tensor) : toDense(builder, gradient, tensor);
  });
  builder.output(lossSum(loss), "lossSum");
  paramOutputs(builder, whole, "gradient");
  return builder.build();
}
