import { PacelineError } from "../../../core/errors.ts";
import { axisOf, intOf } from "../attributes.ts";
import { broadcast } from "../dims.ts";
import { DATA_TYPE, type ElementType, type Shape, type Value } from "../graph.ts";
import type { ShapeQuestion, ShapeRule, ShapeRules, Typed } from "./shapeRule.ts";

/** Operators whose output has the shape of an input, or of all inputs broadcast. */

const like: ShapeRule = ({ inputs, outputCount }) =>
  Array.from({ length: outputCount }, () => ({ type: inputs[0]!.type, shape: inputs[0]!.shape }));

export function broadcastAll({ operator, inputs }: ShapeQuestion): Shape {
  return inputs.reduce<Shape>((shape, input) => {
    const joined = broadcast(shape, input!.shape);
    if (joined === undefined)
      throw new PacelineError(
        "bad-input",
        `${operator}: shapes ${inputs.map((each) => `[${each!.shape.join(", ")}]`).join(" and ")} do not fit`,
      );
    return joined;
  }, []);
}

const broadcasting: ShapeRule = (question) => [{ type: question.inputs[0]!.type, shape: broadcastAll(question) }];
const comparison: ShapeRule = (question) => [{ type: "bool", shape: broadcastAll(question) }];
const where: ShapeRule = (question) => [{ type: question.inputs[1]!.type, shape: broadcastAll(question) }];

const cast: ShapeRule = ({ inputs, attributes }) => [
  { type: castType(intOf(attributes, "to", 1)), shape: inputs[0]!.shape },
];

export function castType(to: number): ElementType {
  const known = (Object.keys(DATA_TYPE) as ElementType[]).find((type) => DATA_TYPE[type] === to);
  if (known === undefined) throw new PacelineError("unsupported", `Cast to the element type ${to} is not supported`);
  return known;
}

/** What is kept, and where it was kept. */
const dropout: ShapeRule = ({ inputs, outputCount }) => {
  const { type, shape } = inputs[0] as Value;
  return [
    { type, shape },
    { type: "bool" as const, shape },
  ].slice(0, outputCount);
};

/** The normalised values, and where asked for the mean and the inverse of the deviation. */
const layerNormalization: ShapeRule = ({ inputs, attributes, outputCount }) => {
  const { type, shape } = inputs[0] as Value;
  const first = axisOf(intOf(attributes, "axis", -1), shape.length);
  const statistic = shape.map((size, axis) => (axis < first ? size : 1));
  return [shape, statistic, statistic].slice(0, outputCount).map((each) => ({ type, shape: each }));
};

/** The normalised values, and where asked for (training) the statistics, which have the scale's shape. */
const batchNormalization: ShapeRule = ({ inputs, outputCount }) =>
  [inputs[0] as Value, inputs[3] as Value, inputs[4] as Value]
    .slice(0, outputCount)
    .map(({ type, shape }): Typed => ({ type, shape }));

const rules = (names: string, rule: ShapeRule): ShapeRules =>
  Object.fromEntries(names.split(" ").map((name) => [name, rule]));

export const ELEMENTWISE: ShapeRules = {
  ...rules(
    "Neg Exp Log Sqrt Relu LeakyRelu Sigmoid Tanh Erf Gelu Softmax LogSoftmax Identity Abs Sign Floor Ceil Round Reciprocal Not Sin Cos Clip " +
      "Softplus Softsign Elu Selu HardSigmoid HardSwish CumSum InstanceNormalization GroupNormalization ScatterND ScatterElements BitwiseNot",
    like,
  ),
  ...rules("Add Sub Mul Div Pow Mod Min Max Sum Mean PRelu And Or Xor", broadcasting),
  ...rules("Greater Less Equal GreaterOrEqual LessOrEqual", comparison),
  Where: where,
  Cast: cast,
  Dropout: dropout,
  LayerNormalization: layerNormalization,
  BatchNormalization: batchNormalization,
};
