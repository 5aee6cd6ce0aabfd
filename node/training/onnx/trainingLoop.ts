import type { GraphBuilder } from "../graph/builder.ts";
import { DATA_TYPE, type Value, int } from "../graph/graph.ts";
import { narrow } from "./narrowing.ts";
import type { TablePlan } from "./tablePlan.ts";
import { visitedRows } from "./tables.ts";
import { addStep, type Batch, type State, type Surroundings } from "./trainingStep.ts";

/** What the loop takes its batches from. */
export interface Epoch {
  /** All examples, by input of the model. */
  readonly examples: readonly Value[];
  readonly targets: Value;
  /** Batch t is `order[starts[t] … ends[t] − 1]`, and the next one begins where it ends. Undefined where examples are in order already. */
  readonly order: Value | undefined;
  readonly starts: Value;
  readonly ends: Value;
  readonly plan: TablePlan;
}

/** All steps: those that share rows in an iteration of the loop together, and what is left over one by one. */
export function addSteps(builder: GraphBuilder, around: Surroundings, epoch: Epoch, state: State): State {
  const { together } = epoch.plan;
  const steps = builder.node("Size", [epoch.starts]);
  if (together === 1) return addLoop(builder, state, steps, (...iteration) => oneStep(around, epoch, ...iteration));
  const by = builder.ints([together], []);
  const left = builder.node("Mod", [steps, by]);
  const whole = builder.node("Sub", [steps, left]);
  const after = addLoop(builder, state, builder.node("Div", [whole, by]), (body, iteration, now) =>
    stepsTogether(around, epoch, body, body.node("Mul", [iteration, by]), now),
  );
  return addLoop(builder, after, left, (body, iteration, now) =>
    oneStep(around, epoch, body, body.node("Add", [iteration, whole]), now),
  );
}

function addLoop(
  builder: GraphBuilder,
  { tensors, optimiser }: State,
  trips: Value,
  addIteration: (body: GraphBuilder, iteration: Value, state: State) => State,
): State {
  const split = (values: readonly Value[]): State => ({
    tensors: values.slice(0, tensors.length),
    optimiser: values.slice(tensors.length),
  });
  const carried = builder.loop(trips, [...tensors, ...optimiser], (body, iteration, values) => {
    const next = addIteration(body, iteration, split(values));
    return [...next.tensors, ...next.optimiser];
  });
  return split(carried);
}

function oneStep(around: Surroundings, epoch: Epoch, body: GraphBuilder, index: Value, state: State): State {
  const at = body.node("Unsqueeze", [index, body.ints([0])]);
  const [start, end] = [epoch.starts, epoch.ends].map((table) => body.node("Gather", [table, at])) as [Value, Value];
  return addStep(body, around, index, gathered(body, epoch, start, end), state);
}

/** The examples that are visited from `start` on, to before `end`. */
function gathered(body: GraphBuilder, { examples, targets, order }: Epoch, start: Value, end: Value): Batch {
  if (order === undefined) return sliced(body, { examples, targets }, start, end);
  const [rows] = body.typedNodes("Slice", [order, start, end], [{ type: "int32", shape: ["batch"] }]);
  const ofBatch = (table: Value): Value => body.node("Gather", [table, rows]);
  return { examples: examples.map(ofBatch), targets: ofBatch(targets) };
}

function sliced(body: GraphBuilder, { examples, targets }: Batch, start: Value, end: Value): Batch {
  const ofBatch = (value: Value): Value =>
    body.typedNodes(
      "Slice",
      [value, start, end],
      [{ type: value.type, shape: ["batch", ...value.shape.slice(1)] }],
    )[0] as Value;
  return { examples: examples.map(ofBatch), targets: ofBatch(targets) };
}

/** Steps that share the rows of tables that any of them reads: each adds to these, and only all of them to the tables. */
function stepsTogether(around: Surroundings, epoch: Epoch, body: GraphBuilder, first: Value, state: State): State {
  const { together, shared } = epoch.plan;
  const { start, end, sizes } = boundsOf(body, epoch, first);
  const all = gathered(body, epoch, start, end);
  const { examples, tensors, widen } = narrow(body, shared, all.examples, state.tensors, visitedRows);
  const parts = (value: Value): readonly Value[] =>
    body.typedNodes("Split", [value, sizes], Array<Value>(together).fill(value), { axis: int(0) });
  const batches = { examples: examples.map(parts), targets: parts(all.targets) };
  let now: State = { tensors, optimiser: state.optimiser };
  for (let i = 0; i < together; i++) {
    const index = body.node("Add", [first, body.ints([i], [])]);
    const examplesOfStep = batches.examples.map((values) => values[i] as Value);
    now = addStep(body, around, index, { examples: examplesOfStep, targets: batches.targets[i] as Value }, now);
  }
  return { tensors: widen(now.tensors), optimiser: now.optimiser };
}

/** Where the steps from `first` on begin and end, int32 [1], and the size of each one's batch, int64. */
function boundsOf(
  body: GraphBuilder,
  { starts, ends, plan: { together } }: Epoch,
  first: Value,
): { readonly start: Value; readonly end: Value; readonly sizes: Value } {
  const from = body.node("Unsqueeze", [first, body.ints([0])]);
  const to = body.node("Add", [from, body.ints([together])]);
  const [begins, stops] = [starts, ends].map(
    (table) => body.typedNodes("Slice", [table, from, to], [{ type: "int32", shape: [together] }])[0],
  ) as [Value, Value];
  return {
    start: body.node("Gather", [begins, body.ints([0])]),
    end: body.node("Gather", [stops, body.ints([together - 1])]),
    sizes: body.node("Cast", [body.node("Sub", [stops, begins])], { to: int(DATA_TYPE.int64) }),
  };
}
