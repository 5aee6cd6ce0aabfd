import { PacelineError } from "../../../core/errors.ts";
import { intOf, textOf } from "../../graph/attributes.ts";
import { DATA_TYPE, type Attributes, type Value, float, int } from "../../graph/graph.ts";
import { requirePossible } from "../guard.ts";
import type { Converter, Converters } from "./converter.ts";
import { type ImportContext, graphAttributes } from "./importContext.ts";
import { numbersOf } from "./known.ts";
import type { RawNode } from "./rawModel.ts";

/**
 * Operators of the domain ai.onnx.ml, as scikit-learn's exporter writes them, in standard ones. Coefficients become params in the layout
 * that they had: [outputs, inputs].
 */

function floatsOf(attributes: Attributes, name: string): readonly number[] {
  const attribute = attributes[name];
  return attribute?.kind === "floats" ? attribute.value : [];
}

function floatInput(node: RawNode, context: ImportContext): Value {
  const value = context.value(node.inputs[0] ?? "");
  return value.type === "float32" ? value : context.model.graph.node("Cast", [value], { to: int(DATA_TYPE.float32) });
}

/** α · (x · coefficientsᵀ + intercepts). */
function affine(node: RawNode, context: ImportContext, outputs: number, alpha = 1): Value {
  const attributes = graphAttributes(node);
  const coefficients = floatsOf(attributes, "coefficients");
  const intercepts = floatsOf(attributes, "intercepts");
  const x = floatInput(node, context);
  const inputs = x.shape.at(-1);
  if (typeof inputs !== "number" || coefficients.length !== outputs * inputs)
    throw new PacelineError(
      "bad-input",
      `${coefficients.length} coefficients for ${inputs} inputs and ${outputs} outputs`,
    );
  const name = node.name === "" ? node.operator : node.name;
  const weight = context.param(`${name}.coefficients`, [outputs, inputs], Float32Array.from(coefficients));
  const bias =
    intercepts.length === 0
      ? undefined
      : context.param(`${name}.intercepts`, [intercepts.length], Float32Array.from(intercepts));
  const scale = alpha === 1 ? {} : { alpha: float(alpha), beta: float(alpha) };
  return context.model.graph.node("Gemm", [x, weight, bias], { transB: int(1), ...scale }, node.name);
}

const linearRegressor: Converter = (node, context) => {
  const attributes = graphAttributes(node);
  requireTransform(textOf(attributes, "post_transform", "NONE"), ["NONE"]);
  context.defineValue(node.outputs[0] ?? "", affine(node, context, intOf(attributes, "targets", 1)));
};

/**
 * The scores that its activation, which the head took off, makes probabilities of. Two classes by a logistic function have the scores −z
 * and z; halved, a softmax of them is the same function.
 */
const linearClassifier: Converter = (node, context) => {
  const attributes = graphAttributes(node);
  const transform = textOf(attributes, "post_transform", "NONE");
  const outputs = floatsOf(attributes, "intercepts").length;
  if (outputs === 0) throw new PacelineError("unsupported", "a classifier without intercepts is not supported");
  if (context.head.node === node) requireTransform(transform, ["SOFTMAX", "LOGISTIC"]);
  else requireTransform(transform, ["NONE"]);
  const pair = transform === "LOGISTIC" && outputs === 2;
  if (transform === "LOGISTIC" && outputs > 1 && !(pair && areOpposites(attributes)))
    throw new PacelineError(
      "unsupported",
      "a classifier of one class against the rest is not supported: fit it as a multinomial one",
    );
  context.defineValue(node.outputs[1] ?? "", affine(node, context, outputs, pair ? 0.5 : 1));
};

function areOpposites(attributes: Attributes): boolean {
  return [floatsOf(attributes, "coefficients"), floatsOf(attributes, "intercepts")].every((values) => {
    const half = values.length / 2;
    return values.slice(0, half).every((value, i) => value === -(values[half + i] as number));
  });
}

function requireTransform(transform: string, allowed: readonly string[]): void {
  if (!allowed.includes(transform))
    throw new PacelineError("unsupported", `the transform ${transform} is not supported in this place`);
}

/** (x − offset) · scale; not trained. */
const scaler: Converter = (node, context) => {
  const attributes = graphAttributes(node);
  const { graph } = context.model;
  const shifted = graph.node("Sub", [floatInput(node, context), graph.floats(floatsOf(attributes, "offset"))]);
  const scaled = graph.node("Mul", [shifted, graph.floats(floatsOf(attributes, "scale"))], {}, node.name);
  requirePossible(`its output "${node.outputs[0] ?? ""}"`, scaled.shape);
  context.defineValue(node.outputs[0] ?? "", scaled);
};

/** Smaller than any float32 that is not 0, but for those of reduced precision: rows of zeros stay zeros. */
const TINY = 1e-37;

const normalizer: Converter = (node, context) => {
  const norm = textOf(graphAttributes(node), "norm", "MAX");
  if (norm !== "L1" && norm !== "L2") throw new PacelineError("unsupported", `the norm ${norm} is not supported`);
  const { graph } = context.model;
  const x = floatInput(node, context);
  const each = norm === "L1" ? graph.node("Abs", [x]) : graph.node("Mul", [x, x]);
  const sum = graph.node("ReduceSum", [each, graph.ints([-1])]);
  const length = norm === "L1" ? sum : graph.node("Sqrt", [sum]);
  const divisor = graph.node("Max", [length, graph.floats([TINY], [])]);
  context.defineValue(node.outputs[0] ?? "", graph.node("Div", [x, divisor], {}, node.name));
};

/** Columns by number. */
const arrayFeatureExtractor: Converter = (node, context) => {
  const [data = "", indices] = node.inputs;
  const known = context.known(indices);
  const columns = known && numbersOf(known);
  if (columns === undefined) throw new PacelineError("unsupported", "the columns are computed by the graph");
  const { graph } = context.model;
  const gathered = graph.node("Gather", [context.value(data), graph.ints(columns)], { axis: int(-1) }, node.name);
  context.defineValue(node.outputs[0] ?? "", gathered);
};

const zipMap: Converter = ({ inputs, outputs }, context) =>
  context.define(outputs[0] ?? "", context.entry(inputs[0] ?? ""));

export const ML_OPERATORS: Converters = {
  LinearClassifier: linearClassifier,
  LinearRegressor: linearRegressor,
  Scaler: scaler,
  Normalizer: normalizer,
  ArrayFeatureExtractor: arrayFeatureExtractor,
  ZipMap: zipMap,
};
