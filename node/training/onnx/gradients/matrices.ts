import { type Value, int, ints } from "../../graph/graph.ts";
import type { GraphBuilder } from "../../graph/builder.ts";
import { floatOf, intOf } from "../../graph/attributes.ts";
import { type GradientQuestion, type GradientRule, type GradientRules, dense } from "../gradient.ts";
import { sumTo } from "./broadcasting.ts";
import { isFixed } from "./sizes.ts";

/** Matrix products. A gradient of a weight is one Gemm without a third input, which an optimiser may fill with the weight. */

/** Y = α·A·B + β·C, where A and B may be transposed. */
const gemm: GradientRule = ({ builder, inputs, attributes, atOutputs, wanted }) => {
  const [a, b, c] = inputs as [Value, Value, Value?];
  const atY = atOutputs[0] as Value;
  const transA = intOf(attributes, "transA", 0);
  const transB = intOf(attributes, "transB", 0);
  const [alpha, beta] = [floatOf(attributes, "alpha", 1), floatOf(attributes, "beta", 1)];
  const product = (x: Value, y: Value, transX: number, transY: number): Value =>
    builder.node("Gemm", [x, y], gemmAttributes(transX, transY, alpha));
  const atA = transA === 1 ? () => product(b, atY, transB, 1) : () => product(atY, b, 0, 1 - transB);
  const atB = transB === 1 ? () => product(atY, a, 1, transA) : () => product(a, atY, 1 - transA, 0);
  const atC = (): Value => scaled(builder, sumTo(builder, atY, c as Value), beta);
  return [atA, atB, atC]
    .slice(0, inputs.length)
    .map((gradient, i) => (wanted[i] === true ? dense(gradient()) : undefined));
};

function gemmAttributes(transA: number, transB: number, alpha: number): Record<string, ReturnType<typeof int>> {
  return {
    ...(transA === 1 ? { transA: int(1) } : {}),
    ...(transB === 1 ? { transB: int(1) } : {}),
    ...(alpha === 1 ? {} : { alpha: { kind: "float" as const, value: alpha } }),
  } as Record<string, ReturnType<typeof int>>;
}

function scaled(builder: GraphBuilder, value: Value, factor: number): Value {
  return factor === 1 ? value : builder.node("Mul", [value, builder.floats([factor], [])]);
}

const matMul: GradientRule = (question) => {
  const [a, b] = question.inputs as [Value, Value];
  if (b.shape.length === 2 && (a.shape.length === 2 || (a.shape.length > 2 && isFixed([...b.shape]))))
    return timesMatrix(question, a, b);
  return batched(question, a, b);
};

/** A stack of rows times one matrix: the rows of all stacks count alike, so its gradient is a single Gemm. */
function timesMatrix({ builder, atOutputs, wanted }: GradientQuestion, a: Value, b: Value): ReturnType<GradientRule> {
  const atY = atOutputs[0] as Value;
  const rows = (value: Value): Value =>
    value.shape.length === 2
      ? value
      : builder.node("Reshape", [value, builder.ints([-1, value.shape.at(-1) as number])]);
  const atA = (): Value => {
    if (a.shape.length === 2) return builder.node("Gemm", [atY, b], { transB: int(1) });
    return builder.node("MatMul", [atY, builder.node("Transpose", [b], { perm: ints([1, 0]) })]);
  };
  const atB = (): Value => builder.node("Gemm", [rows(a), rows(atY)], { transA: int(1) });
  return [wanted[0] === true ? dense(atA()) : undefined, wanted[1] === true ? dense(atB()) : undefined];
}

function batched({ builder, atOutputs, wanted }: GradientQuestion, a: Value, b: Value): ReturnType<GradientRule> {
  const column = (value: Value): Value => builder.node("Unsqueeze", [value, builder.ints([-1])]);
  const row = (value: Value): Value => builder.node("Unsqueeze", [value, builder.ints([-2])]);
  let atY = atOutputs[0] as Value;
  if (b.shape.length === 1) atY = column(atY);
  if (a.shape.length === 1) atY = row(atY);
  const [left, right] = [a.shape.length === 1 ? row(a) : a, b.shape.length === 1 ? column(b) : b];
  const atA = (): Value => {
    const full = sumTo(builder, builder.node("MatMul", [atY, transposed(builder, right)]), left);
    return a.shape.length === 1 ? builder.node("Squeeze", [full, builder.ints([-2])]) : full;
  };
  const atB = (): Value => {
    const full = sumTo(builder, builder.node("MatMul", [transposed(builder, left), atY]), right);
    return b.shape.length === 1 ? builder.node("Squeeze", [full, builder.ints([-1])]) : full;
  };
  return [wanted[0] === true ? dense(atA()) : undefined, wanted[1] === true ? dense(atB()) : undefined];
}

function transposed(builder: GraphBuilder, value: Value): Value {
  const axes = [...value.shape.keys()];
  return builder.node("Transpose", [value], { perm: ints([...axes.slice(0, -2), axes.length - 1, axes.length - 2]) });
}

export const MATRICES: GradientRules = { Gemm: gemm, MatMul: matMul };
