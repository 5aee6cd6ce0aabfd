import type { GraphBuilder } from "../graph/builder.ts";
import type { Value } from "../graph/graph.ts";

/** What a batch normalisation reads besides its input [batch, channels, …]: one number a channel each. */
export interface NormalisationTensors {
  readonly scale: Value;
  readonly bias: Value;
  readonly mean: Value;
  readonly variance: Value;
}

/**
 * A batch normalisation whose statistics do not follow the batches, because they are frozen: the same function in training as in
 * prediction, which the operator of that name is not.
 */
export function frozenNormalisation(
  builder: GraphBuilder,
  x: Value,
  { scale, bias, mean, variance }: NormalisationTensors,
  epsilon: number,
): Value {
  const ones = x.shape.slice(2).map(() => 1);
  const spread = (value: Value): Value =>
    ones.length === 0 ? value : builder.node("Reshape", [value, builder.ints([-1, ...ones])]);
  const deviation = builder.node("Sqrt", [builder.node("Add", [variance, builder.floats([epsilon], [])])]);
  const normal = builder.node("Div", [builder.node("Sub", [x, spread(mean)]), spread(deviation)]);
  return builder.node("Add", [builder.node("Mul", [normal, spread(scale)]), spread(bias)]);
}
