import { NOISE_WINDOW, noiseOffset } from "../dropoutNoise.ts";
import type { GraphBuilder } from "../graph/builder.ts";
import type { Value } from "../graph/graph.ts";
import type { Model } from "../models/model.ts";
import type { OptimiserSpec } from "../optimiserSpec.ts";
import { differentiate } from "./differentiate.ts";
import { Emission } from "./emission.ts";
import { lossGradient, normalisesInGraph } from "./losses.ts";
import { LOWERINGS } from "./lowerings.ts";
import { applyOptimiser } from "./optimisers.ts";
import { Tape } from "./tape.ts";

/** What all steps read: values of the graph around the loop. */
export interface Surroundings {
  readonly model: Model;
  readonly optimiser: OptimiserSpec;
  readonly scales: Value;
  readonly learningRates: Value;
  readonly secondScales: Value;
  readonly keeps: Value;
  readonly noise: Value | undefined;
  readonly noiseOffsets: Value | undefined;
  /** The tensors that local training starts from. */
  readonly initial: readonly Value[];
}

/** A mini-batch. */
export interface Batch {
  /** By example input of the model. */
  readonly examples: readonly Value[];
  readonly targets: Value;
}

/** What goes from step to step. */
export interface State {
  /** The model's, in its order. */
  readonly tensors: readonly Value[];
  /** The optimiser's. */
  readonly optimiser: readonly Value[];
}

/** Those of the model's tensors that gradients train. */
export function trainedOnes<T>(model: Model, values: readonly T[]): readonly T[] {
  return values.filter((_, i) => model.tensors[i]?.role === "weight");
}

/**
 * Adds a mini-batch step: forward, back, and what the optimiser makes of it.
 * @param index which step, a scalar int64
 */
export function addStep(
  body: GraphBuilder,
  around: Surroundings,
  index: Value,
  { examples, targets }: Batch,
  { tensors, optimiser: state }: State,
): State {
  const { model, optimiser, initial } = around;
  const tape = new Tape(body);
  const bindings = new Map(
    model.graph.inputs.map(({ name }, i) => [name, [...examples, ...tensors][i] as Value] as const),
  );
  const emission = new Emission(tape, "train", model.graph, bindings, dropoutNoise(body, around, index));
  const outputs = emission.run(LOWERINGS);
  const ofStep = (table: Value): Value => body.node("Gather", [table, index]);
  const atOutputs = lossGradient(
    { builder: body, model, outputs, targets },
    ofStep(around.scales),
    normalisesInGraph(model),
  );
  const weights = trainedOnes(model, tensors);
  const stepped = applyOptimiser({
    builder: body,
    optimiser,
    params: weights,
    gradients: differentiate(tape, outputs, atOutputs, weights),
    state,
    rates: {
      learningRate: once(() => ofStep(around.learningRates)),
      secondScale: once(() => ofStep(around.secondScales)),
      keep: once(() => ofStep(around.keeps)),
    },
    globalParams: trainedOnes(model, initial),
  });
  const next = new Map(weights.map(({ name }, i) => [name, stepped.params[i] as Value]));
  const moved = tensors.map(
    (tensor, i) => next.get(tensor.name) ?? emission.statistics.get(model.tensors[i]?.name ?? "") ?? tensor,
  );
  return { tensors: moved, optimiser: stepped.state };
}

function once(make: () => Value): () => Value {
  let made: Value | undefined;
  return () => (made ??= make());
}

/** A stretch of the noise table, by step and dropout (dropoutNoise.ts), in the shape of what is dropped from. */
function dropoutNoise(
  body: GraphBuilder,
  { noise, noiseOffsets }: Surroundings,
  index: Value,
): ((dropout: number, value: Value) => Value) | undefined {
  if (noise === undefined || noiseOffsets === undefined) return undefined;
  return (dropout, value) => {
    const at = body.node("Gather", [noiseOffsets, body.node("Unsqueeze", [index, body.ints([0])])]);
    const shifted = body.node("Add", [at, body.ints([noiseOffset(0, dropout)])]);
    const start = body.node("Mod", [shifted, body.ints([NOISE_WINDOW])]);
    const size = body.node("Unsqueeze", [body.node("Size", [value]), body.ints([0])]);
    const end = body.node("Add", [start, size]);
    const [flat] = body.typedNodes("Slice", [noise, start, end], [{ type: "float32", shape: ["noise"] }]);
    return body.typedNodes("Reshape", [flat, body.node("Shape", [value])], [value])[0] as Value;
  };
}
