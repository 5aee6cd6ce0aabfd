import type { Node } from "../../graph/graph.ts";

/** Operators that treat each element by itself, with broadcasting: they work in any layout. */
export const ELEMENTWISE_OPERATORS: readonly string[] = (
  "Relu LeakyRelu PRelu Sigmoid Tanh Elu Selu HardSigmoid HardSwish Softplus Gelu Erf Clip Abs Neg Exp Log Sqrt Reciprocal " +
  "Identity Add Sub Mul Div Pow Min Max Sum Mean"
).split(" ");

const KEEPING = new Set([...ELEMENTWISE_OPERATORS, "BatchNormalization", "Dropout"]);

/** Whether a node's first output has the layout of its image. */
export function keepsLayout({ operator }: Pick<Node, "operator">): boolean {
  return KEEPING.has(operator);
}
