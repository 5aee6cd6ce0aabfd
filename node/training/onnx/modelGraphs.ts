import { type Graph, GraphBuilder, type TypedValue, type Value } from "./graph.ts";
import { correctCount, gradientAtLogits, logLikelihood, oneHot } from "./crossEntropy.ts";
import {
  type DenseLayer,
  denseLayers,
  forward,
  joinParams,
  layerGradient,
  outputGradients,
  splitParams,
} from "./dense.ts";
import { type ModelSpec, parameterCount, tensorSlots } from "../modelSpec.ts";

/**
 * The graphs a trainer runs. Each takes the flat vector of params; none holds a learning rate, a batch size or a number of
 * examples, so one session of each serves every job on the model.
 */

/**
 * Many mini-batch steps of SGD in one run: a `Loop` carries the params, and each step gathers its batch by index.
 *
 * Step t takes the examples `order[starts[t] … ends[t] − 1]`, so a last batch that is smaller is simply shorter, and adds
 * `scales[t]` times the gradient of the batch's summed loss: scales[t] = −learningRate / (ends[t] − starts[t]) is SGD on the mean.
 */
export function trainingGraph(spec: ModelSpec): Graph {
  const builder = new GraphBuilder("train");
  const { params, features, labels } = examplesAndParams(builder, spec);
  const order = builder.input("order", "int32", ["positions"]);
  const starts = builder.input("starts", "int32", ["steps"]);
  const ends = builder.input("ends", "int32", ["steps"]);
  const scales = builder.input("scales", "float32", ["steps"]);
  const targets = oneHot(builder, labels, spec.classes);
  const slots = tensorSlots(spec);
  const initial = splitParams(builder, params, slots).map((value, i): TypedValue => ({
    ...value,
    type: "float32",
    shape: slots[i]?.shape ?? [],
  }));

  const trained = builder.loop(builder.node("Size", [starts]), initial, (body, iteration, tensors) => {
    const step = body.node("Unsqueeze", [iteration, body.ints([0])]);
    const bounds = [starts, ends].map((table) => body.node("Gather", [table, step]));
    const rows = body.node("Slice", [order, ...bounds]);
    const batch = body.node("Gather", [features, rows]);
    const batchTargets = body.node("Gather", [targets, rows]);
    return sgdStep(body, denseLayers(tensors), batch, batchTargets, body.node("Gather", [scales, iteration]));
  });
  builder.output(joinParams(builder, trained), "float32", [parameterCount(spec)], "trained");
  return builder.build();
}

/** The tensors after one step, in the order of the model spec. */
function sgdStep(
  body: GraphBuilder,
  layers: readonly DenseLayer[],
  batch: Value,
  targets: Value,
  scale: Value,
): readonly Value[] {
  const pass = forward(body, layers, batch);
  const atOutputs = outputGradients(body, layers, pass, gradientAtLogits(body, pass.logits, targets, scale));
  return layers.flatMap((layer, i) => {
    const stepped = layerGradient(body, pass.layerInputs[i] as Value, atOutputs[i] as Value, layer);
    return [stepped.weight, stepped.bias];
  });
}

/** Outputs `logLikelihood` [examples] and `correct`, the number of examples whose largest logit is their label. */
export function evaluationGraph(spec: ModelSpec): Graph {
  const builder = new GraphBuilder("evaluate");
  const { params, features, labels } = examplesAndParams(builder, spec);
  const { logits } = forward(builder, denseLayers(splitParams(builder, params, tensorSlots(spec))), features);
  const targets = oneHot(builder, labels, spec.classes);
  builder.output(logLikelihood(builder, logits, targets), "float32", ["examples"], "logLikelihood");
  builder.output(correctCount(builder, logits, labels), "float32", [], "correct");
  return builder.build();
}

/** Outputs `logLikelihood` [examples] and `gradient`: `scale` times the summed loss's gradient, flat. */
export function gradientGraph(spec: ModelSpec): Graph {
  const builder = new GraphBuilder("gradient");
  const { params, features, labels } = examplesAndParams(builder, spec);
  const scale = builder.input("scale", "float32", []);
  const layers = denseLayers(splitParams(builder, params, tensorSlots(spec)));
  const pass = forward(builder, layers, features);
  const targets = oneHot(builder, labels, spec.classes);
  const atOutputs = outputGradients(builder, layers, pass, gradientAtLogits(builder, pass.logits, targets, scale));
  const gradients = layers.flatMap((_, i) => {
    const { weight, bias } = layerGradient(builder, pass.layerInputs[i] as Value, atOutputs[i] as Value);
    return [weight, bias];
  });
  builder.output(logLikelihood(builder, pass.logits, targets), "float32", ["examples"], "logLikelihood");
  builder.output(joinParams(builder, gradients), "float32", [parameterCount(spec)], "gradient");
  return builder.build();
}

function examplesAndParams(
  builder: GraphBuilder,
  spec: ModelSpec,
): Record<"params" | "features" | "labels", TypedValue> {
  return {
    params: builder.input("params", "float32", [parameterCount(spec)]),
    features: builder.input("features", "float32", ["examples", spec.inputs]),
    labels: builder.input("labels", "int32", ["examples"]),
  };
}
