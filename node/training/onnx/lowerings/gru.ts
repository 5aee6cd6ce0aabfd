import type { GraphBuilder } from "../../graph/builder.ts";
import { type Value, int } from "../../graph/graph.ts";
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
 * Gated recurrent units (Cho et al., "Learning Phrase Representations using RNN Encoder–Decoder", 2014; the operator GRU of ONNX with
 * `linear_before_reset` 0): gates z and r through the logistic function and the candidate n through tanh, in this order;
 *
 *   n = tanh(Wx + R(r·h₋₁)),   h ← n + z·(h₋₁ − n)
 *
 * Its gradient, with dh that at h, is dh·(h₋₁ − n)·z(1 − z) at z's sum and dh·(1 − z)(1 − n²) at n's; what comes back from this
 * through R, times h₋₁·r(1 − r), is that at r's.
 */
export const GRU: Recurrence = { gates: 3, states: 1, activations: ["sigmoid", "tanh"], run };

/** By step, [steps, hidden, batch] each. */
interface Kept {
  readonly update: Value;
  readonly reset: Value;
  readonly candidate: Value;
  /** z·(h₋₁ − n) */
  readonly carried: Value;
  /** r·h₋₁ */
  readonly recalled: Value;
}

function run(builder: GraphBuilder, direction: Direction): DirectionRun {
  const bias = builder.node("Add", [direction.inputBias, direction.recurrentBias]);
  const sums = inputSums(builder, direction.x, direction.inputWeight, bias);
  const { kept, last } = forward(builder, direction, sums);
  const y = transposed(builder, builder.node("Add", [kept.candidate, kept.carried]));
  return { y, last, backward: (atOutputs, wanted) => backward(builder, direction, y, kept, atOutputs, wanted) };
}

function forward(
  builder: GraphBuilder,
  { recurrentWeight, initial, hidden, backwards }: Direction,
  sums: Value,
): { readonly kept: Kept; readonly last: readonly Value[] } {
  const [gateSums, candidateSums] = split(builder, sums, hidden, 1);
  const [gateWeight, candidateWeight] = split(builder, recurrentWeight, hidden, 0);
  const scanned = addScan(builder, initial, [gateSums, candidateSums], backwards, (body, [h], [gateSum, sum]) => {
    const open = body.node("Sigmoid", [body.node("Gemm", [gateWeight, h, gateSum])]);
    const [update, reset] = parts(body, open, 2, 0) as [Value, Value];
    const recalled = times(body, reset, h as Value);
    const candidate = body.node("Tanh", [body.node("Gemm", [candidateWeight, recalled, sum])]);
    const carried = times(body, update, body.node("Sub", [h, candidate]));
    return { states: [body.node("Add", [candidate, carried])], outputs: [open, candidate, carried, recalled] };
  });
  const [open, candidate, carried, recalled] = scanned.outputs as [Value, Value, Value, Value];
  const [update, reset] = parts(builder, open, 2, 1) as [Value, Value];
  return { kept: { update, reset, candidate, carried, recalled }, last: scanned.states };
}

/** Both gates' part, and the candidate's. */
export function split(builder: GraphBuilder, value: Value, hidden: number, axis: number): readonly [Value, Value] {
  const sizes = builder.ints([2 * hidden, hidden]);
  return builder.nodes("Split", [value, sizes], 2, { axis: int(axis) }) as unknown as [Value, Value];
}

function backward(
  builder: GraphBuilder,
  direction: Direction,
  y: Value,
  kept: Kept,
  atOutputs: DirectionGradientsIn,
  wanted: { readonly x: boolean },
): DirectionGradients {
  const { atGates, atCandidate, initial } = throughSteps(builder, direction, kept, atOutputs);
  const [gateRows, candidateRows] = [atGates, atCandidate].map((at) => asRows(builder, transposed(builder, at))) as [
    Value,
    Value,
  ];
  const rows = builder.node("Concat", [gateRows, candidateRows], { axis: int(1) });
  const read = [previousStates(builder, y, direction), transposed(builder, kept.recalled)] as const;
  const recurrent = [
    ...weightGradients(builder, gateRows, [read[0]]),
    ...weightGradients(builder, candidateRows, [read[1]]),
  ];
  const bias = biasGradient(builder, rows);
  return {
    x: wanted.x ? inputGradient(builder, rows, direction) : undefined,
    inputWeight: weightGradients(builder, rows, [direction.x])[0] as Value,
    recurrentWeight: builder.node("Concat", recurrent, { axis: int(0) }),
    inputBias: bias,
    recurrentBias: bias,
    initial,
  };
}

/** @returns gradients at the gates' sums and the candidate's, by step, and at the state before the first step */
function throughSteps(
  builder: GraphBuilder,
  { recurrentWeight, hidden, backwards }: Direction,
  { update, reset, candidate, carried, recalled }: Kept,
  { y, last }: DirectionGradientsIn,
): { readonly atGates: Value; readonly atCandidate: Value; readonly initial: readonly Value[] } {
  const [gateWeight, candidateWeight] = split(builder, transposed(builder, recurrentWeight), hidden, 1);
  const sequences = [
    ...[update, reset, without(builder, carried, update), without(builder, recalled, reset)],
    candidateFactor(builder, update, candidate),
    ...(y === undefined ? [] : [transposed(builder, y)]),
  ];
  const scanned = addScan(builder, last, sequences, !backwards, (body, [fromNext], now) => {
    const [z, r, ofUpdate, ofReset, ofCandidate, atY] = now as [Value, Value, Value, Value, Value, Value?];
    const dh = atY === undefined ? (fromNext as Value) : body.node("Add", [fromNext, atY]);
    const atCandidate = times(body, dh, ofCandidate);
    const atRecalled = body.node("Gemm", [candidateWeight, atCandidate]);
    const atGates = body.node("Concat", [times(body, dh, ofUpdate), times(body, atRecalled, ofReset)], {
      axis: int(0),
    });
    const direct = body.node("Add", [times(body, dh, z), times(body, atRecalled, r)]);
    return { states: [body.node("Gemm", [gateWeight, atGates, direct])], outputs: [atGates, atCandidate] };
  });
  const [atGates, atCandidate] = scanned.outputs as [Value, Value];
  return { atGates, atCandidate, initial: scanned.states };
}

/** (1 − z)(1 − n²) */
export function candidateFactor(builder: GraphBuilder, update: Value, candidate: Value): Value {
  const one = builder.floats([1], []);
  const slope = builder.node("Sub", [one, times(builder, candidate, candidate)]);
  return without(builder, slope, update);
}
