import type { GraphBuilder } from "../../graph/builder.ts";
import { DATA_TYPE, type Node, type Value, int } from "../../graph/graph.ts";
import type { Direction, DirectionGradientsIn, DirectionRun, Recurrence } from "./recurrence.ts";
import {
  asRows,
  biasGradient,
  inputGradient,
  inputSums,
  previousStates,
  times,
  transposed,
  weightGradients,
} from "./recurrentParts.ts";
import { addScan } from "./recurrentScan.ts";

/** Simple recurrent units (Elman, "Finding Structure in Time", 1990; the operator RNN of ONNX): h ← a(Wx + Rh₋₁), a tanh or ReLU. */
export function simpleRecurrence({ attributes }: Pick<Node, "attributes">): Recurrence {
  const { activations } = attributes;
  const named = activations?.kind === "strings" ? activations.value[0]?.toLowerCase() : undefined;
  const activation = named === "relu" ? "Relu" : "Tanh";
  return {
    gates: 1,
    states: 1,
    activations: [activation.toLowerCase()],
    run: (builder, direction) => run(builder, direction, activation),
  };
}

function run(builder: GraphBuilder, direction: Direction, activation: "Tanh" | "Relu"): DirectionRun {
  const { recurrentWeight, initial, backwards } = direction;
  const bias = builder.node("Add", [direction.inputBias, direction.recurrentBias]);
  const sums = inputSums(builder, direction.x, direction.inputWeight, bias);
  const scanned = addScan(builder, initial, [sums], backwards, (body, [h], [sum]) => {
    const next = body.node(activation, [body.node("Gemm", [recurrentWeight, h, sum])]);
    return { states: [next], outputs: [next] };
  });
  const [hidden] = scanned.outputs as [Value];
  const y = transposed(builder, hidden);
  return {
    y,
    last: scanned.states,
    backward(atOutputs, wanted) {
      const slopes = activation === "Tanh" ? tanhSlopes(builder, hidden) : reluSlopes(builder, hidden);
      const { atSums, initial: atInitial } = throughSteps(builder, direction, slopes, atOutputs);
      const rows = asRows(builder, transposed(builder, atSums));
      const read = [previousStates(builder, y, direction), direction.x];
      const [recurrentGradient, inputWeight] = weightGradients(builder, rows, read) as [Value, Value];
      const atBias = biasGradient(builder, rows);
      return {
        x: wanted.x ? inputGradient(builder, rows, direction) : undefined,
        inputWeight,
        recurrentWeight: recurrentGradient,
        inputBias: atBias,
        recurrentBias: atBias,
        initial: atInitial,
      };
    },
  };
}

function tanhSlopes(builder: GraphBuilder, hidden: Value): Value {
  return builder.node("Sub", [builder.floats([1], []), times(builder, hidden, hidden)]);
}

function reluSlopes(builder: GraphBuilder, hidden: Value): Value {
  const positive = builder.node("Greater", [hidden, builder.floats([0], [])]);
  return builder.node("Cast", [positive], { to: int(DATA_TYPE.float32) });
}

/** @returns gradients at the sums, [steps, hidden, batch], and at the state before the first step */
function throughSteps(
  builder: GraphBuilder,
  { recurrentWeight, backwards }: Direction,
  slopes: Value,
  { y, last }: DirectionGradientsIn,
): { readonly atSums: Value; readonly initial: readonly Value[] } {
  const weight = transposed(builder, recurrentWeight);
  const sequences = [slopes, ...(y === undefined ? [] : [transposed(builder, y)])];
  const scanned = addScan(builder, last, sequences, !backwards, (body, [fromNext], now) => {
    const [slope, atY] = now as [Value, Value?];
    const dh = atY === undefined ? (fromNext as Value) : body.node("Add", [fromNext, atY]);
    const atSum = times(body, dh, slope);
    return { states: [body.node("Gemm", [weight, atSum])], outputs: [atSum] };
  });
  return { atSums: scanned.outputs[0] as Value, initial: scanned.states };
}
