import type { GraphBuilder } from "../../graph/builder.ts";
import { type Value, int } from "../../graph/graph.ts";
import { candidateFactor, split } from "./gru.ts";
import type { Direction, DirectionGradients, DirectionGradientsIn, DirectionRun, Recurrence } from "./recurrence.ts";
import {
  asRows,
  biasGradient,
  inputGradient,
  inputSums,
  parts,
  previousStates,
  times,
  transposed,
  weightGradients,
  without,
} from "./recurrentParts.ts";
import { addScan } from "./recurrentScan.ts";

/**
 * Gated recurrent units whose reset gate works behind the recurrent product, as in cuDNN, PyTorch and Keras (the operator GRU of ONNX
 * with `linear_before_reset` 1):
 *
 *   n = tanh(Wx + r·u) with u = Rh₋₁,   h ← n + z·(h₋₁ − n)
 *
 * Its gradient is dh times a factor for each gate: (h₋₁ − n)·z(1 − z), u·r(1 − r)·f and f with f = (1 − z)(1 − n²); and r·f at u.
 */
export const GRU_RESET_BEHIND: Recurrence = { gates: 3, states: 1, activations: ["sigmoid", "tanh"], run };

/** By step, [steps, hidden, batch] each. */
interface Kept {
  readonly update: Value;
  readonly reset: Value;
  readonly candidate: Value;
  /** z·(h₋₁ − n) */
  readonly carried: Value;
  /** u */
  readonly recurrent: Value;
}

function run(builder: GraphBuilder, direction: Direction): DirectionRun {
  const sums = inputSums(builder, direction.x, direction.inputWeight, direction.inputBias);
  const { kept, last } = forward(builder, direction, sums);
  const y = transposed(builder, builder.node("Add", [kept.candidate, kept.carried]));
  return { y, last, backward: (atOutputs, wanted) => backward(builder, direction, y, kept, atOutputs, wanted) };
}

function forward(
  builder: GraphBuilder,
  { recurrentWeight, recurrentBias, initial, hidden, backwards }: Direction,
  sums: Value,
): { readonly kept: Kept; readonly last: readonly Value[] } {
  const sequences = split(builder, sums, hidden, 1);
  const bias = builder.node("Unsqueeze", [recurrentBias, builder.ints([1])]);
  const scanned = addScan(builder, initial, sequences, backwards, (body, [h], [gateSum, sum]) => {
    const [gates, recurrent] = split(body, body.node("Gemm", [recurrentWeight, h, bias]), hidden, 0);
    const open = body.node("Sigmoid", [body.node("Add", [gateSum, gates])]);
    const [update, reset] = parts(body, open, 2, 0) as [Value, Value];
    const candidate = body.node("Tanh", [body.node("Add", [sum, times(body, reset, recurrent)])]);
    const carried = times(body, update, body.node("Sub", [h, candidate]));
    return { states: [body.node("Add", [candidate, carried])], outputs: [open, candidate, carried, recurrent] };
  });
  const [open, candidate, carried, recurrent] = scanned.outputs as [Value, Value, Value, Value];
  const [update, reset] = parts(builder, open, 2, 1) as [Value, Value];
  return { kept: { update, reset, candidate, carried, recurrent }, last: scanned.states };
}

function backward(
  builder: GraphBuilder,
  direction: Direction,
  y: Value,
  kept: Kept,
  atOutputs: DirectionGradientsIn,
  wanted: { readonly x: boolean },
): DirectionGradients {
  const { atRecurrent, atCandidate, initial } = throughSteps(builder, direction, kept, atOutputs);
  const [gateRows, ownRows] = split(builder, asRows(builder, transposed(builder, atRecurrent)), direction.hidden, 1);
  const candidateRows = asRows(builder, transposed(builder, atCandidate));
  const [inputRows, recurrentRows] = [candidateRows, ownRows].map((last) =>
    builder.node("Concat", [gateRows, last], { axis: int(1) }),
  ) as [Value, Value];
  return {
    x: wanted.x ? inputGradient(builder, inputRows, direction) : undefined,
    inputWeight: weightGradients(builder, inputRows, [direction.x])[0] as Value,
    recurrentWeight: weightGradients(builder, recurrentRows, [previousStates(builder, y, direction)])[0] as Value,
    inputBias: biasGradient(builder, inputRows),
    recurrentBias: biasGradient(builder, recurrentRows),
    initial,
  };
}

/** @returns gradients at the recurrent sums and at the candidate's sum, by step, and at the state before the first step */
function throughSteps(
  builder: GraphBuilder,
  { recurrentWeight, backwards }: Direction,
  { update, reset, candidate, carried, recurrent }: Kept,
  { y, last }: DirectionGradientsIn,
): { readonly atRecurrent: Value; readonly atCandidate: Value; readonly initial: readonly Value[] } {
  const factor = candidateFactor(builder, update, candidate);
  const atU = times(builder, reset, factor);
  const ofReset = without(builder, times(builder, recurrent, atU), reset);
  const weight = transposed(builder, recurrentWeight);
  const sequences = [
    ...[update, without(builder, carried, update), ofReset, atU, factor],
    ...(y === undefined ? [] : [transposed(builder, y)]),
  ];
  const scanned = addScan(builder, last, sequences, !backwards, (body, [fromNext], now) => {
    const [z, toUpdate, toReset, toU, toCandidate, atY] = now as [Value, Value, Value, Value, Value, Value?];
    const dh = atY === undefined ? (fromNext as Value) : body.node("Add", [fromNext, atY]);
    const each = [toUpdate, toReset, toU].map((to) => times(body, dh, to));
    const sums = body.node("Concat", each, { axis: int(0) });
    const state = body.node("Gemm", [weight, sums, times(body, dh, z)]);
    return { states: [state], outputs: [sums, times(body, dh, toCandidate)] };
  });
  const [atRecurrent, atCandidate] = scanned.outputs as [Value, Value];
  return { atRecurrent, atCandidate, initial: scanned.states };
}
