import { int, type Value } from "../../../graph/graph.ts";
import { activate } from "./activation.ts";
import type { Cell, CellResult, CellRun, StepState } from "./recurrentCell.ts";
import { isResetBehind } from "./recurrentOperator.ts";

/** Steps that are written out one by one, at most. */
const MAX_STEPS = 512;

/** A recurrent layer step by step, for activations that engines' operators are not trained with, such as tfjs's hard sigmoid. */
export function runUnrolled(cell: Cell, run: CellRun): CellResult {
  const { builder, config, x, kernel, bias, steps } = run;
  if (steps > MAX_STEPS)
    throw config.unsupported(
      `${steps} steps with the activations ${run.activation} and ${run.recurrentActivation}: at most ${MAX_STEPS}, or use tanh and sigmoid`,
    );
  const product = builder.node("MatMul", [x, kernel]);
  const inputBias = isResetBehind(run) ? row(run, bias, 0) : bias;
  const sums = inputBias === undefined ? product : builder.node("Add", [product, inputBias]);
  const order = Array.from({ length: steps }, (_, i) => (run.reverse ? steps - 1 - i : i));
  const states: Value[] = [];
  let state: StepState | undefined;
  for (const at of order) {
    state = cell.step(run, builder.node("Gather", [sums, builder.ints([at], [])], { axis: int(1) }), state);
    states[at] = builder.node("Unsqueeze", [state.hidden, builder.ints([1])]);
  }
  return { states: builder.node("Concat", states, { axis: int(1) }), last: (state as StepState).hidden };
}

function row({ builder }: CellRun, table: Value | undefined, index: number): Value | undefined {
  return table && builder.node("Gather", [table, builder.ints([index], [])]);
}

const join = ({ builder }: CellRun, operator: string, a: Value, b: Value): Value => builder.node(operator, [a, b]);

function split({ builder, units }: CellRun, value: Value, parts: number): readonly Value[] {
  const sizes = builder.ints(Array.from({ length: parts }, () => units));
  return builder.nodes("Split", [value, sizes], parts, { axis: int(-1) });
}

const recurrent = ({ builder, config, recurrentActivation }: CellRun, x: Value): Value =>
  activate(builder, x, recurrentActivation, config);
const main = ({ builder, config, activation }: CellRun, x: Value): Value => activate(builder, x, activation, config);

function withState(run: CellRun, sums: Value, before: StepState | undefined): Value {
  if (before === undefined) return sums;
  return join(run, "Add", sums, join(run, "MatMul", before.hidden, run.recurrentKernel));
}

/** Gates: input, forget, candidate, output. */
export const lstmStep: Cell["step"] = (run, sums, before) => {
  const [i, f, g, o] = split(run, withState(run, sums, before), 4) as [Value, Value, Value, Value];
  const fresh = join(run, "Mul", recurrent(run, i), main(run, g));
  const cell =
    before?.cell === undefined ? fresh : join(run, "Add", join(run, "Mul", recurrent(run, f), before.cell), fresh);
  return { cell, hidden: join(run, "Mul", recurrent(run, o), main(run, cell)) };
};

/** Gates: update, reset, candidate. */
export const gruStep: Cell["step"] = (run, sums, before) => {
  const { builder } = run;
  const [xz, xr, xh] = split(run, sums, 3) as [Value, Value, Value];
  const [z, candidate] = isResetBehind(run)
    ? gatesResetBehind(run, [xz, xr, xh], before)
    : gatesResetBefore(run, [xz, xr, xh], before);
  const keep = builder.node("Sub", [builder.floats([1], []), z]);
  const fresh = join(run, "Mul", keep, candidate);
  return { hidden: before === undefined ? fresh : join(run, "Add", join(run, "Mul", z, before.hidden), fresh) };
};

function gatesResetBefore(
  run: CellRun,
  [xz, xr, xh]: readonly [Value, Value, Value],
  before: StepState | undefined,
): readonly [z: Value, candidate: Value] {
  if (before === undefined) return [recurrent(run, xz), main(run, xh)];
  const [rz, rr, rh] = split(run, run.recurrentKernel, 3) as [Value, Value, Value];
  const add = (sum: Value, state: Value, weight: Value): Value =>
    join(run, "Add", sum, join(run, "MatMul", state, weight));
  const r = recurrent(run, add(xr, before.hidden, rr));
  const candidate = main(run, add(xh, join(run, "Mul", r, before.hidden), rh));
  return [recurrent(run, add(xz, before.hidden, rz)), candidate];
}

function gatesResetBehind(
  run: CellRun,
  [xz, xr, xh]: readonly [Value, Value, Value],
  before: StepState | undefined,
): readonly [z: Value, candidate: Value] {
  const bias = row(run, run.bias, 1);
  const product = before && join(run, "MatMul", before.hidden, run.recurrentKernel);
  const sums = product === undefined ? bias : bias === undefined ? product : join(run, "Add", product, bias);
  if (sums === undefined) return [recurrent(run, xz), main(run, xh)];
  const axis = sums.shape.length === 1 ? run.builder.node("Unsqueeze", [sums, run.builder.ints([0])]) : sums;
  const [hz, hr, hh] = split(run, axis, 3) as [Value, Value, Value];
  const r = recurrent(run, join(run, "Add", xr, hr));
  const candidate = main(run, join(run, "Add", xh, join(run, "Mul", r, hh)));
  return [recurrent(run, join(run, "Add", xz, hz)), candidate];
}

export const rnnStep: Cell["step"] = (run, sums, before) => ({ hidden: main(run, withState(run, sums, before)) });
