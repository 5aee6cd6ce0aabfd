import { GraphBuilder } from "../graph/builder.ts";
import type { Graph, Value } from "../graph/graph.ts";
import { NOISE_WINDOW, noiseOffset } from "../dropoutNoise.ts";
import { parameterCount, type Model } from "../models/model.ts";
import type { OptimiserSpec } from "../optimiserSpec.ts";
import { differentiate } from "./differentiate.ts";
import { Emission } from "./emission.ts";
import { joinParams, splitParams } from "./flatParams.ts";
import { lossGradient, normalisesInGraph } from "./losses.ts";
import { LOWERINGS } from "./lowerings.ts";
import { applyOptimiser, stateSize } from "./optimisers.ts";
import { Tape } from "./tape.ts";

/** What a step reads besides the model's state: the values of the graph around the loop. */
interface Surroundings {
  readonly model: Model;
  readonly optimiser: OptimiserSpec;
  readonly examples: readonly Value[];
  readonly targets: Value;
  readonly order: Value;
  readonly starts: Value;
  readonly ends: Value;
  readonly scales: Value;
  readonly learningRates: Value;
  readonly secondScales: Value;
  readonly keeps: Value;
  readonly noise: Value | undefined;
  readonly noiseOffsets: Value | undefined;
  /** The tensors that local training starts from. */
  readonly initial: readonly Value[];
}

/**
 * All mini-batch steps of a round's local training in one run: a `Loop` carries the tensors and the optimiser's state, and each
 * step gathers its batch by index.
 *
 * Step t takes the examples `order[starts[t] … ends[t] − 1]` and multiplies the loss's gradient by `scales[t]`: one over the batch's
 * targets (1 where the graph counts them itself), times −learningRate for optimisers that take steps.
 */
export function trainingGraph(model: Model, optimiser: OptimiserSpec): Graph {
  const builder = new GraphBuilder("train");
  const params = builder.input("params", "float32", [parameterCount(model)]);
  const byStep = (name: string): Value => builder.input(name, "float32", ["steps"]);
  const examples = model.graph.inputs
    .slice(0, model.exampleInputs)
    .map(({ type, shape }, i) => builder.input(`input${i}`, type, ["examples", ...shape.slice(1)]));
  const initial = splitParams(builder, params, model.tensors);
  const surroundings: Surroundings = {
    model,
    optimiser,
    examples,
    targets: builder.input("targets", model.targets.type, ["examples", ...model.targets.shape]),
    order: builder.input("order", "int32", ["positions"]),
    starts: builder.input("starts", "int32", ["steps"]),
    ends: builder.input("ends", "int32", ["steps"]),
    scales: byStep("scales"),
    learningRates: byStep("learningRates"),
    secondScales: byStep("secondScales"),
    keeps: byStep("keeps"),
    ...noiseInputs(builder, model),
    initial,
  };
  const state = trainedOnes(model, initial).flatMap((value) =>
    Array.from({ length: stateSize(optimiser) }, () => zerosLike(builder, value)),
  );
  const trips = builder.node("Size", [surroundings.starts]);
  const carried = builder.loop(trips, [...initial, ...state], (body, iteration, values) =>
    step(body, surroundings, iteration, values.slice(0, initial.length), values.slice(initial.length)),
  );
  builder.output(joinParams(builder, carried.slice(0, initial.length)), "trained");
  return builder.build();
}

function noiseInputs(builder: GraphBuilder, { graph }: Model): Pick<Surroundings, "noise" | "noiseOffsets"> {
  if (!graph.nodes.some(({ operator }) => operator === "Dropout")) return { noise: undefined, noiseOffsets: undefined };
  return {
    noise: builder.input("noise", "float32", ["noise"]),
    noiseOffsets: builder.input("noiseOffsets", "int64", ["steps"]),
  };
}

function trainedOnes<T>(model: Model, values: readonly T[]): readonly T[] {
  return values.filter((_, i) => model.tensors[i]?.role === "weight");
}

function zerosLike(builder: GraphBuilder, value: Value): Value {
  const [zeros] = builder.typedNodes("ConstantOfShape", [builder.ints(value.shape as number[])], [value]);
  return zeros as Value;
}

function step(
  body: GraphBuilder,
  around: Surroundings,
  iteration: Value,
  tensors: readonly Value[],
  state: readonly Value[],
): readonly Value[] {
  const { model, optimiser } = around;
  const tape = new Tape(body);
  const batch = gatherBatch(body, around, iteration);
  const emission = new Emission(
    tape,
    "train",
    model.graph,
    new Map(model.graph.inputs.map(({ name }, i) => [name, [...batch.examples, ...tensors][i] as Value])),
    dropoutNoise(body, around, iteration),
  );
  const outputs = emission.run(LOWERINGS);
  const ofStep = (table: Value): Value => body.node("Gather", [table, iteration]);
  const atOutputs = lossGradient(
    { builder: body, model, outputs, targets: batch.targets },
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
    globalParams: trainedOnes(model, around.initial),
  });
  const next = new Map(weights.map(({ name }, i) => [name, stepped.params[i] as Value]));
  const moved = tensors.map(
    (tensor, i) => next.get(tensor.name) ?? emission.statistics.get(model.tensors[i]?.name ?? "") ?? tensor,
  );
  return [...moved, ...stepped.state];
}

function once(make: () => Value): () => Value {
  let made: Value | undefined;
  return () => (made ??= make());
}

/** The rows of the examples that this step visits. */
function gatherBatch(
  body: GraphBuilder,
  { examples, targets, order, starts, ends }: Surroundings,
  iteration: Value,
): { readonly examples: readonly Value[]; readonly targets: Value } {
  const at = body.node("Unsqueeze", [iteration, body.ints([0])]);
  const [start, end] = [starts, ends].map((table) => body.node("Gather", [table, at]));
  const [rows] = body.typedNodes("Slice", [order, start, end], [{ type: "int32", shape: ["batch"] }]);
  const ofBatch = (table: Value): Value => body.node("Gather", [table, rows]);
  return { examples: examples.map(ofBatch), targets: ofBatch(targets) };
}

/** A stretch of the noise table, by step and dropout (dropoutNoise.ts), in the shape of what is dropped from. */
function dropoutNoise(
  body: GraphBuilder,
  { noise, noiseOffsets }: Surroundings,
  iteration: Value,
): ((dropout: number, value: Value) => Value) | undefined {
  if (noise === undefined || noiseOffsets === undefined) return undefined;
  return (dropout, value) => {
    const at = body.node("Gather", [noiseOffsets, body.node("Unsqueeze", [iteration, body.ints([0])])]);
    const shifted = body.node("Add", [at, body.ints([noiseOffset(0, dropout)])]);
    const start = body.node("Mod", [shifted, body.ints([NOISE_WINDOW])]);
    const size = body.node("Unsqueeze", [body.node("Size", [value]), body.ints([0])]);
    const end = body.node("Add", [start, size]);
    const [flat] = body.typedNodes("Slice", [noise, start, end], [{ type: "float32", shape: ["noise"] }]);
    return body.typedNodes("Reshape", [flat, body.node("Shape", [value])], [value])[0] as Value;
  };
}
