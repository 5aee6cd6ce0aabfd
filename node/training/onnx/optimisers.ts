import type { GraphBuilder } from "../graph/builder.ts";
import { type Value, int } from "../graph/graph.ts";
import { adamSettings } from "../adamSettings.ts";
import type { AdamSpec, OptimiserSpec } from "../optimiserSpec.ts";
import { type Gradient, addRows, toDense } from "./gradient.ts";

/** One step of an optimiser as ONNX nodes; the formulas are told in optimiserSpec.ts. */

export interface OptimiserStep {
  readonly builder: GraphBuilder;
  readonly optimiser: OptimiserSpec;
  readonly params: readonly Value[];
  /** Undefined where the loss does not depend on a param. */
  readonly gradients: readonly (Gradient | undefined)[];
  /** `stateSize(optimiser)` values a param, of the param's shape, one param's behind the other's. */
  readonly state: readonly Value[];
  readonly rates: Rates;
  /** The params that local training started from. */
  readonly globalParams: readonly Value[];
}

/** Scalars of the step, made when they are first asked for. */
export interface Rates {
  /** The step's learning rate; Adam's first bias correction is in it. */
  learningRate(): Value;
  /** Adam's second bias correction, 1 / √(1 − β₂ᵗ). */
  secondScale(): Value;
  /** What AdamW keeps of a weight, 1 − learningRate · weightDecay. */
  keep(): Value;
}

export interface Stepped {
  readonly params: readonly Value[];
  readonly state: readonly Value[];
}

/** Tensors of state that an optimiser keeps for each param. */
export function stateSize({ kind }: OptimiserSpec): number {
  return kind === "sgd" ? 0 : kind === "momentum" ? 1 : 2;
}

/**
 * Whether gradients are asked for as −learningRate times themselves: plain SGD only adds them, and a Gemm that makes one can add it
 * on its way.
 */
export function takesSteps({ kind, clipGradientNorm }: OptimiserSpec): boolean {
  return kind === "sgd" && clipGradientNorm === undefined;
}

export function applyOptimiser(step: OptimiserStep): Stepped {
  if (takesSteps(step.optimiser)) {
    const params = step.params.map((param, i) => plainStep(step, param, i));
    return { params, state: [] };
  }
  const gradients = clipped(step);
  const size = stateSize(step.optimiser);
  const stepped = step.params.map((param, i) => {
    const gradient = gradients[i];
    const state = step.state.slice(i * size, (i + 1) * size);
    if (gradient === undefined) return { param, state };
    return stepOne(step, param, penalised(step, param, gradient, i), state);
  });
  return { params: stepped.map(({ param }) => param), state: stepped.flatMap(({ state }) => [...state]) };
}

/** w + step, where the gradient is a step already. */
function plainStep(step: OptimiserStep, param: Value, i: number): Value {
  const { builder, rates } = step;
  const gradient = step.gradients[i];
  if (gradient === undefined) return param;
  const penalty = penaltyOf(step, param, i);
  const base =
    penalty === undefined ? param : builder.node("Sub", [param, builder.node("Mul", [rates.learningRate(), penalty])]);
  return addGradient(step, base, gradient);
}

/** base + gradient; in the Gemm that makes the gradient, where it is one that has room and makes it for nobody else. */
function addGradient({ builder, gradients }: OptimiserStep, base: Value, gradient: Gradient): Value {
  if (gradient.kind === "rows") return addRows(builder, base, gradient);
  const { value } = gradient;
  const producer = builder.producerOf(value);
  const shared = gradients.filter((other) => other?.kind === "dense" && other.value.name === value.name).length > 1;
  if (producer?.operator !== "Gemm" || producer.inputs.length > 2 || shared || builder.isRead(value))
    return builder.node("Add", [base, value]);
  builder.remove(producer);
  return builder.node("Gemm", [...producer.inputs, base], producer.attributes);
}

/** The gradient of what weight decay (as an L2 penalty) and FedProx add to the loss. */
function penaltyOf({ builder, optimiser, globalParams }: OptimiserStep, param: Value, i: number): Value | undefined {
  const { kind, weightDecay = 0, proximal = 0 } = optimiser;
  const parts: Value[] = [];
  if (weightDecay > 0 && kind !== "adamw") parts.push(builder.node("Mul", [param, scalar(builder, weightDecay)]));
  if (proximal > 0) {
    const away = builder.node("Sub", [param, globalParams[i]]);
    parts.push(builder.node("Mul", [away, scalar(builder, proximal)]));
  }
  return parts.length < 2 ? parts[0] : builder.node("Add", parts);
}

function penalised(step: OptimiserStep, param: Value, gradient: Value, i: number): Value {
  const penalty = penaltyOf(step, param, i);
  return penalty === undefined ? gradient : step.builder.node("Add", [gradient, penalty]);
}

/** Gradients of which all together are no longer than clipGradientNorm. */
function clipped({ builder, optimiser, gradients, params }: OptimiserStep): readonly (Value | undefined)[] {
  const whole = gradients.map((gradient, i) =>
    gradient === undefined ? undefined : toDense(builder, gradient, params[i] as Value),
  );
  const { clipGradientNorm: limit } = optimiser;
  const present = whole.filter((value) => value !== undefined);
  if (limit === undefined || present.length === 0) return whole;
  const squares = present.map((value) => builder.node("ReduceSumSquare", [value], { keepdims: int(0) }));
  const total = squares.length === 1 ? (squares[0] as Value) : builder.node("Sum", squares);
  // limit / max(norm, limit) is 1 for a short gradient, and never divides by zero
  const norm = builder.node("Max", [builder.node("Sqrt", [total]), scalar(builder, limit)]);
  const factor = builder.node("Div", [scalar(builder, limit), norm]);
  return whole.map((value) => (value === undefined ? undefined : builder.node("Mul", [value, factor])));
}

function stepOne(
  step: OptimiserStep,
  param: Value,
  gradient: Value,
  state: readonly Value[],
): { param: Value; state: readonly Value[] } {
  const { builder, optimiser, rates } = step;
  const minus = (by: Value): Value => builder.node("Sub", [param, builder.node("Mul", [by, rates.learningRate()])]);
  switch (optimiser.kind) {
    case "sgd":
      return { param: minus(gradient), state };
    case "momentum": {
      const kept = builder.node("Mul", [state[0], scalar(builder, optimiser.momentum)]);
      const velocity = builder.node("Add", [kept, gradient]);
      if (optimiser.nesterov !== true) return { param: minus(velocity), state: [velocity] };
      const ahead = builder.node("Mul", [velocity, scalar(builder, optimiser.momentum)]);
      return { param: minus(builder.node("Add", [gradient, ahead])), state: [velocity] };
    }
    case "adam":
    case "adamw":
      return adamStep(step, optimiser, param, gradient, state as [Value, Value]);
  }
}

function adamStep(
  { builder, rates }: OptimiserStep,
  spec: AdamSpec,
  param: Value,
  gradient: Value,
  [first, second]: readonly [Value, Value],
): { param: Value; state: readonly Value[] } {
  const { beta1, beta2, epsilon } = adamSettings(spec);
  const mean = movingAverage(builder, first, gradient, beta1);
  const square = movingAverage(builder, second, builder.node("Mul", [gradient, gradient]), beta2);
  const root = builder.node("Mul", [builder.node("Sqrt", [square]), rates.secondScale()]);
  const direction = builder.node("Div", [mean, builder.node("Add", [root, scalar(builder, epsilon)])]);
  const kept =
    spec.kind === "adamw" && (spec.weightDecay ?? 0) > 0 ? builder.node("Mul", [param, rates.keep()]) : param;
  const moved = builder.node("Sub", [kept, builder.node("Mul", [direction, rates.learningRate()])]);
  return { param: moved, state: [mean, square] };
}

/** β · average + (1 − β) · value */
function movingAverage(builder: GraphBuilder, average: Value, value: Value, beta: number): Value {
  const kept = builder.node("Mul", [average, scalar(builder, beta)]);
  return builder.node("Add", [kept, builder.node("Mul", [value, scalar(builder, 1 - beta)])]);
}

function scalar(builder: GraphBuilder, value: number): Value {
  return builder.floats([value], []);
}
