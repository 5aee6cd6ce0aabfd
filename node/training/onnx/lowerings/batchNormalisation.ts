import { floatOf } from "../../graph/attributes.ts";
import type { GraphBuilder } from "../../graph/builder.ts";
import { type Node, type Value, int } from "../../graph/graph.ts";
import type { Emission, Lowering } from "../emission.ts";
import { dense } from "../gradient.ts";
import { type Arithmetic, arithmetic } from "../gradients/arithmetic.ts";
import { shareOf } from "../gradients/reductions.ts";
import type { Tape } from "../tape.ts";

/**
 * Batch normalisation (Ioffe and Szegedy, 2015) of [batch, channels, …], as ONNX has it: while a model is trained the batch's mean and
 * biased variance count, and the running ones follow, running · momentum + batch · (1 − momentum); in prediction the running ones count.
 * The file's `training_mode` is not asked: models are exported ready for prediction.
 */
export const batchNormalisation: Lowering = (emission, node) => {
  const x = emission.valueOf(node.inputs[0] as Value);
  emission.define(node.outputs[0] as Value, normalised(emission, node, x, 1));
};

/** The operator itself, for graphs that only predict. */
export const predictedNormalisation: Lowering = (emission, node) => {
  const [x, scale, bias, mean, variance] = emission.inputsOf(node) as [Value, Value, Value, Value, Value];
  const inputs = [x, scale, bias, mean, atLeastZero(emission.tape, variance)];
  emission.define(node.outputs[0] as Value, emission.tape.node(node.operator, inputs, node.attributes, node.name));
};

/**
 * A channel that is always 0 has a running variance that goes to 0; where it is a mean of what many peers have rounded, it may go a
 * step below, which has no root.
 */
function atLeastZero(tape: Tape, variance: Value): Value {
  return tape.node("Max", [variance, tape.builder.floats([0], [])]);
}

/** The node's first output for `x`, whose channels may lie on another axis; the new statistics are noted in the emission. */
export function normalised(emission: Emission, node: Node, x: Value, channelAxis: number): Value {
  return emission.mode === "infer"
    ? byRunningStatistics(emission, node, x, channelAxis)
    : byBatchStatistics(emission, node, x, channelAxis);
}

function byRunningStatistics(emission: Emission, node: Node, x: Value, channelAxis: number): Value {
  const { tape } = emission;
  const [scale, bias, mean, variance] = emission.inputsOf(node).slice(1) as [Value, Value, Value, Value];
  const behind = x.shape.map((_, axis) => axis).slice(channelAxis + 1);
  const spread = (value: Value): Value =>
    behind.length === 0 ? value : tape.node("Unsqueeze", [value, tape.builder.ints(behind.map((_, i) => i + 1))]);
  const squared = tape.node("Add", [atLeastZero(tape, variance), tape.builder.floats([epsilonOf(node)], [])]);
  const factor = tape.node("Div", [scale, tape.node("Sqrt", [squared])]);
  const scaled = tape.node("Mul", [tape.node("Sub", [x, spread(mean)]), spread(factor)]);
  return tape.node("Add", [scaled, spread(bias)]);
}

function byBatchStatistics(emission: Emission, node: Node, x: Value, channelAxis: number): Value {
  const { tape } = emission;
  const { builder } = tape;
  const m = arithmetic(builder);
  const [scale, bias] = emission.inputsOf(node).slice(1, 3) as [Value, Value];
  const axes = x.shape.map((_, axis) => axis).filter((axis) => axis !== channelAxis);
  const spread = (value: Value): Value =>
    builder.node("Reshape", [value, builder.ints([-1, ...x.shape.slice(channelAxis + 1).map(() => 1)])]);
  const mean = average(builder, x, axes);
  const centred = m.sub(x, mean);
  const variance = average(builder, m.mul(centred, centred), axes);
  const squared = m.add(variance, epsilonOf(node));
  const deviation = m.sqrt(squared);
  const factor = m.div(spread(scale), deviation);
  const y = m.add(m.mul(centred, factor), spread(bias));
  follow(emission, node, 3, mean);
  follow(emission, node, 4, variance);
  tape.group(node.operator, [x, scale, bias], [y], (backward, [atY], wanted) => {
    const by = arithmetic(backward);
    const sum = (value: Value): Value => backward.node("ReduceSum", [value, backward.ints(axes)], { keepdims: int(1) });
    const atBias = sum(atY as Value);
    const along = sum(by.mul(atY as Value, centred));
    const share = shareOf(backward, x, atBias);
    const atX = (): Value => {
      const pull = by.add(by.mul(centred, by.div(by.mul(along, share), squared)), by.mul(atBias, share));
      return by.mul(by.sub(atY as Value, pull), factor);
    };
    return [
      wanted[0] === true ? dense(atX()) : undefined,
      wanted[1] === true ? dense(flat(backward, by.div(along, deviation))) : undefined,
      wanted[2] === true ? dense(flat(backward, atBias)) : undefined,
    ];
  });
  return y;
}

function average(builder: GraphBuilder, value: Value, axes: readonly number[]): Value {
  return builder.node("ReduceMean", [value, builder.ints(axes)], { keepdims: int(1) });
}

function flat(builder: GraphBuilder, value: Value): Value {
  return builder.node("Reshape", [value, builder.ints([-1])]);
}

function epsilonOf({ attributes }: Node): number {
  return floatOf(attributes, "epsilon", 1e-5);
}

/** Moves a running statistic towards the batch's; where several nodes share it, each in its turn. */
function follow(emission: Emission, node: Node, input: number, batch: Value): void {
  const { builder } = emission.tape;
  const m: Arithmetic = arithmetic(builder);
  const running = node.inputs[input] as Value;
  const momentum = floatOf(node.attributes, "momentum", 0.9);
  const before = emission.statistics.get(running.name) ?? emission.valueOf(running);
  emission.statistics.set(running.name, m.add(m.mul(before, momentum), m.mul(flat(builder, batch), 1 - momentum)));
}
