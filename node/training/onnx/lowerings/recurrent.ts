import { textOf } from "../../graph/attributes.ts";
import type { GraphBuilder } from "../../graph/builder.ts";
import { type Node, type Value, int } from "../../graph/graph.ts";
import type { Emission, Lowering } from "../emission.ts";
import { type Gradient, dense } from "../gradient.ts";
import type { Backward } from "../tape.ts";
import { zeroColumns, transposed } from "./recurrentParts.ts";
import type { Direction, DirectionGradients, DirectionRun, Recurrence } from "./recurrence.ts";
import { checkRecurrent } from "./recurrentCheck.ts";

/**
 * Trains the operators LSTM, GRU and RNN of ONNX: X [steps, batch, inputs], W [directions, gates · hidden, inputs], R [directions,
 * gates · hidden, hidden], B [directions, 2 · gates · hidden], and states [directions, batch, hidden] in; Y [steps, directions, batch,
 * hidden] and the last states out. What the operators keep to themselves, the gates, is needed to go back.
 */
export function recurrentLowering(choose: (node: Node) => Recurrence): Lowering {
  return (emission, node) => {
    const recurrence = choose(node);
    checkRecurrent(node, recurrence);
    const inputs = emission.inputsOf(node);
    const { tape } = emission;
    const runs = directionsOf(tape.builder, node, recurrence, inputs).map((direction) =>
      recurrence.run(tape.builder, direction),
    );
    const used = node.outputs.flatMap((output, i) => (isUsed(emission, output) ? [i] : []));
    const outputs = used.map((i) => outputOf(tape.builder, runs, i));
    tape.group(node.operator, inputs, outputs, backwardOf(runs, inputs, recurrence, used));
    used.forEach((i, at) => {
      emission.define(node.outputs[i] as Value, outputs[at] as Value);
    });
  };
}

function isUsed(emission: Emission, output: Value): boolean {
  return emission.isOutput(output) || emission.readersOf(output).length > 0;
}

function directionsOf(
  builder: GraphBuilder,
  node: Node,
  { gates, states }: Recurrence,
  inputs: readonly (Value | undefined)[],
): readonly Direction[] {
  const [x, weights, recurrentWeights] = inputs as [Value, Value, Value];
  const hidden = recurrentWeights.shape[2] as number;
  const count = weights.shape[0] as number;
  const biases =
    inputs[3] ?? builder.floats(new Array<number>(2 * count * gates * hidden).fill(0), [count, 2 * gates * hidden]);
  const sizes = builder.ints([gates * hidden, gates * hidden]);
  return Array.from({ length: count }, (_, d) => {
    const [inputBias, recurrentBias] = builder.nodes("Split", [pick(builder, biases, d, 0), sizes], 2, {
      axis: int(0),
    });
    const initial = Array.from({ length: states }, (_state, i) => {
      const given = inputs[5 + i];
      return given === undefined ? zeroColumns(builder, x, hidden) : transposed(builder, pick(builder, given, d, 0));
    });
    return {
      x,
      inputWeight: pick(builder, weights, d, 0),
      recurrentWeight: pick(builder, recurrentWeights, d, 0),
      inputBias: inputBias as Value,
      recurrentBias: recurrentBias as Value,
      initial,
      hidden,
      backwards: textOf(node.attributes, "direction", "forward") === "reverse" || d === 1,
    };
  });
}

/** Y, or the last of a state. */
function outputOf(builder: GraphBuilder, runs: readonly DirectionRun[], index: number): Value {
  if (index === 0)
    return stack(
      builder,
      runs.map(({ y }) => y),
      1,
    );
  return stack(
    builder,
    runs.map(({ last }) => transposed(builder, last[index - 1] as Value)),
    0,
  );
}

function backwardOf(
  runs: readonly DirectionRun[],
  inputs: readonly (Value | undefined)[],
  { states }: Recurrence,
  used: readonly number[],
): Backward {
  return (builder, atOutputs, wanted) => {
    const gradientAt = (output: number): Value | undefined => atOutputs[used.indexOf(output)];
    const found = runs.map((run, d) => {
      const last = Array.from({ length: states }, (_, i) => {
        const gradient = gradientAt(1 + i);
        if (gradient !== undefined) return transposed(builder, pick(builder, gradient, d, 0));
        return zeroColumns(builder, inputs[0] as Value, (inputs[2] as Value).shape[2] as number);
      });
      const atY = gradientAt(0);
      const y = atY === undefined ? undefined : pick(builder, atY, d, 1);
      return run.backward({ y, last }, { x: wanted[0] === true });
    });
    return atInputs(builder, found, wanted);
  };
}

function atInputs(
  builder: GraphBuilder,
  found: readonly DirectionGradients[],
  wanted: readonly boolean[],
): readonly (Gradient | undefined)[] {
  const all = (of: (gradients: DirectionGradients) => Value): Value => stack(builder, found.map(of), 0);
  const state = (i: number): Value => all(({ initial }) => transposed(builder, initial[i] as Value));
  const gradients: Readonly<Record<number, () => Value>> = {
    0: () =>
      sum(
        builder,
        found.map(({ x }) => x as Value),
      ),
    1: () => all(({ inputWeight }) => inputWeight),
    2: () => all(({ recurrentWeight }) => recurrentWeight),
    3: () => all((each) => builder.node("Concat", [each.inputBias, each.recurrentBias], { axis: int(0) })),
    5: () => state(0),
    6: () => state(1),
  };
  return wanted.map((isWanted, i) => (isWanted ? dense((gradients[i] as () => Value)()) : undefined));
}

/** One direction's part. */
function pick(builder: GraphBuilder, value: Value, direction: number, axis: number): Value {
  if (value.shape[axis] === 1) return builder.node("Squeeze", [value, builder.ints([axis])]);
  return builder.node("Gather", [value, builder.ints([direction], [])], { axis: int(axis) });
}

function stack(builder: GraphBuilder, values: readonly Value[], axis: number): Value {
  const layers = values.map((value) => builder.node("Unsqueeze", [value, builder.ints([axis])]));
  return layers.length === 1 ? (layers[0] as Value) : builder.node("Concat", layers, { axis: int(axis) });
}

function sum(builder: GraphBuilder, values: readonly Value[]): Value {
  return values.reduce((total, value) => builder.node("Add", [total, value]));
}
