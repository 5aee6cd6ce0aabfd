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
 * Long short-term memory (Hochreiter and Schmidhuber, 1997, with forget gates; the operator LSTM of ONNX): gates i, o, f through the
 * logistic function and g through tanh, in this order;
 *
 *   c ← f·c + i·g,   h ← o·tanh(c)
 *
 * Its gradient at the gates' sums is, with dh and dc those at h and c, dc growing by dh·o·(1 − tanh²c):
 *
 *   dc·g·i(1 − i),   dh·tanh(c)·o(1 − o),   dc·c₋₁·f(1 − f),   dc·i(1 − g²)
 *
 * The factors behind dc and dh are worked out for all steps at once.
 */
export const LSTM: Recurrence = { gates: 4, states: 2, activations: ["sigmoid", "tanh", "tanh"], run };

/** By step, [steps, hidden, batch] each. */
interface Kept {
  readonly input: Value;
  readonly output: Value;
  readonly forget: Value;
  readonly candidate: Value;
  /** tanh(c) */
  readonly squashed: Value;
  /** f·c₋₁ */
  readonly remembered: Value;
  /** i·g */
  readonly learned: Value;
  /** h */
  readonly hidden: Value;
}

function run(builder: GraphBuilder, direction: Direction): DirectionRun {
  const bias = builder.node("Add", [direction.inputBias, direction.recurrentBias]);
  const sums = inputSums(builder, direction.x, direction.inputWeight, bias);
  const { kept, last } = forward(builder, direction, sums);
  const y = transposed(builder, kept.hidden);
  return { y, last, backward: (atOutputs, wanted) => backward(builder, direction, y, kept, atOutputs, wanted) };
}

function forward(
  builder: GraphBuilder,
  { recurrentWeight, initial, hidden, backwards }: Direction,
  sums: Value,
): { readonly kept: Kept; readonly last: readonly Value[] } {
  const scanned = addScan(builder, initial, [sums], backwards, (body, [h, c], [sum]) => {
    const gates = body.node("Gemm", [recurrentWeight, h, sum]);
    const [logistic, cell] = body.nodes("Split", [gates, body.ints([3 * hidden, hidden])], 2, { axis: int(0) });
    const open = body.node("Sigmoid", [logistic]);
    const candidate = body.node("Tanh", [cell]);
    const [input, output, forget] = parts(body, open, 3, 0) as [Value, Value, Value];
    const remembered = times(body, forget, c as Value);
    const learned = times(body, input, candidate);
    const memory = body.node("Add", [remembered, learned]);
    const squashed = body.node("Tanh", [memory]);
    return {
      states: [times(body, output, squashed), memory],
      outputs: [input, output, forget, candidate, squashed, remembered, learned],
    };
  });
  const [input, output, forget, candidate, squashed, remembered, learned] = scanned.outputs as Seven;
  const all = times(builder, output, squashed);
  return {
    kept: { input, output, forget, candidate, squashed, remembered, learned, hidden: all },
    last: scanned.states,
  };
}

type Seven = readonly [Value, Value, Value, Value, Value, Value, Value];

function backward(
  builder: GraphBuilder,
  direction: Direction,
  y: Value,
  kept: Kept,
  atOutputs: DirectionGradientsIn,
  wanted: { readonly x: boolean },
): DirectionGradients {
  const { atSums, initial } = throughSteps(builder, direction, kept, atOutputs);
  const rows = asRows(builder, transposed(builder, atSums));
  const read = [previousStates(builder, y, direction), direction.x];
  const [recurrentWeight, inputWeight] = weightGradients(builder, rows, read) as [Value, Value];
  const bias = biasGradient(builder, rows);
  return {
    x: wanted.x ? inputGradient(builder, rows, direction) : undefined,
    inputWeight,
    recurrentWeight,
    inputBias: bias,
    recurrentBias: bias,
    initial,
  };
}

/** What a step reads on the way back: factors, and the gradient at its hidden state. */
type Sequences = readonly [Value, Value, Value, Value, Value, Value, Value?];

/** @returns gradients at the gates' sums, [steps, 4 · hidden, batch], and at the states before the first step */
function throughSteps(
  builder: GraphBuilder,
  { recurrentWeight, backwards }: Direction,
  { input, output, forget, candidate, squashed, remembered, learned, hidden }: Kept,
  { y, last }: DirectionGradientsIn,
): { readonly atSums: Value; readonly initial: readonly Value[] } {
  const toMemory = builder.node("Sub", [output, times(builder, hidden, squashed)]);
  const factors = [
    without(builder, learned, input),
    without(builder, hidden, output),
    without(builder, remembered, forget),
    builder.node("Sub", [input, times(builder, learned, candidate)]),
  ];
  const weight = transposed(builder, recurrentWeight);
  const sequences = [...[toMemory, forget, ...factors], ...(y === undefined ? [] : [transposed(builder, y)])];
  const scanned = addScan(builder, last, sequences, !backwards, (body, states, now) => {
    const [reach, keep, ofInput, ofOutput, ofForget, ofCandidate, atY] = now as Sequences;
    const [fromNext, memory] = states as [Value, Value];
    const dh = atY === undefined ? fromNext : body.node("Add", [fromNext, atY]);
    const dc = body.node("Add", [memory, times(body, dh, reach)]);
    const each = [
      times(body, dc, ofInput),
      times(body, dh, ofOutput),
      times(body, dc, ofForget),
      times(body, dc, ofCandidate),
    ];
    const sums = body.node("Concat", each, { axis: int(0) });
    return { states: [body.node("Gemm", [weight, sums]), times(body, dc, keep)], outputs: [sums] };
  });
  return { atSums: scanned.outputs[0] as Value, initial: scanned.states };
}
