import { GraphBuilder } from "../graph/builder.ts";
import type { Graph, Value } from "../graph/graph.ts";
import type { Model } from "../models/model.ts";
import type { OptimiserSpec } from "../optimiserSpec.ts";
import { Emission } from "./emission.ts";
import { paramInputs, paramOutputs } from "./flatParams.ts";
import { toInt64 } from "./gradient.ts";
import { zerosLike } from "./gradients/sizes.ts";
import { findLookups, type Lookups } from "./lookups.ts";
import { narrow } from "./narrowing.ts";
import { stateSize } from "./optimisers.ts";
import { AS_THEY_ARE, leavesRowsAlone, type TablePlan } from "./tablePlan.ts";
import { touchedRows } from "./tables.ts";
import { Tape } from "./tape.ts";
import { addSteps } from "./trainingLoop.ts";
import { type Surroundings, trainedOnes } from "./trainingStep.ts";

export interface TrainingLayout {
  /** What `planTables` advises. */
  readonly tables?: TablePlan;
  /** Whether the examples come in the order in which they are visited; the graph has no input `order` then. */
  readonly inOrder?: boolean;
}

/**
 * All mini-batch steps of a round's local training in one run: a `Loop` carries the tensors and the optimiser's state, and each
 * step gathers its batch by index.
 *
 * Step t takes the examples `order[starts[t] … ends[t] − 1]` and multiplies the loss's gradient by `scales[t]`: one over the batch's
 * targets (1 where the graph counts them itself), times −learningRate for optimisers that take steps.
 */
export function trainingGraph(
  model: Model,
  optimiser: OptimiserSpec,
  { tables: plan = AS_THEY_ARE, inOrder = false }: TrainingLayout = {},
): Graph {
  const builder = new GraphBuilder("train");
  const inputs = model.graph.inputs
    .slice(0, model.exampleInputs)
    .map(({ type, shape }, i) => builder.input(`input${i}`, type, ["examples", ...shape.slice(1)]));
  const targets = builder.input("targets", model.targets.type, ["examples", ...model.targets.shape]);
  const tensors = paramInputs(builder, model.tensors);
  const lookups = leavesRowsAlone(optimiser) ? findLookups(model) : undefined;
  const examples = lookups === undefined ? inputs : examplesOf(builder, lookups, inputs);
  const narrowed = narrow(builder, plan.touchedOnly ? (lookups?.groups ?? []) : [], examples, tensors, touchedRows);
  const around: Surroundings = {
    model: lookups?.model ?? model,
    optimiser,
    ...stepInputs(builder, model),
    initial: narrowed.tensors,
  };
  const epoch = {
    examples: narrowed.examples,
    targets,
    order: inOrder ? undefined : builder.input("order", "int32", ["positions"]),
    starts: builder.input("starts", "int32", ["steps"]),
    ends: builder.input("ends", "int32", ["steps"]),
    plan,
  };
  const state = trainedOnes(model, narrowed.tensors).flatMap((value) =>
    Array.from({ length: stateSize(optimiser) }, () => zerosLike(builder, value)),
  );
  const trained = addSteps(builder, around, epoch, { tensors: narrowed.tensors, optimiser: state });
  paramOutputs(builder, narrowed.widen(trained.tensors), "trained");
  return builder.build();
}

function stepInputs(builder: GraphBuilder, { graph }: Model): Omit<Surroundings, "model" | "optimiser" | "initial"> {
  const byStep = (name: string): Value => builder.input(name, "float32", ["steps"]);
  const drops = graph.nodes.some(({ operator }) => operator === "Dropout");
  return {
    scales: byStep("scales"),
    learningRates: byStep("learningRates"),
    secondScales: byStep("secondScales"),
    keeps: byStep("keeps"),
    noise: drops ? builder.input("noise", "float32", ["noise"]) : undefined,
    noiseOffsets: drops ? builder.input("noiseOffsets", "int64", ["steps"]) : undefined,
  };
}

/** What the model reads of the examples, its indices into tables among it. */
function examplesOf(builder: GraphBuilder, { sources, before }: Lookups, examples: readonly Value[]): readonly Value[] {
  const bindings = new Map(before.inputs.map(({ name }, i) => [name, examples[i] as Value] as const));
  const emission = new Emission(new Tape(builder), "infer", before, bindings);
  emission.run({});
  return sources.map((source) =>
    "input" in source ? (examples[source.input] as Value) : toInt64(builder, emission.valueOf(source.index)),
  );
}
