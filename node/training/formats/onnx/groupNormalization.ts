import { PacelineError } from "../../../core/errors.ts";
import { intOf } from "../../graph/attributes.ts";
import type { GraphBuilder } from "../../graph/builder.ts";
import type { Value } from "../../graph/graph.ts";
import { type Converter, addNode } from "./converter.ts";
import { graphAttributes } from "./importContext.ts";

const FIRST_SET = 18;
/** Sets 18 to 20 have a scale and a bias for each group; from here on, for each channel. */
const BY_CHANNEL_SET = 21;

/** @throws PacelineError `bad-input` where channels, groups, scale and bias do not fit; `unsupported` for a set that has no such operator */
export const groupNormalization: Converter = (node, context) => {
  const { operatorSet, model } = context;
  if (operatorSet < FIRST_SET)
    throw new PacelineError(
      "unsupported",
      `operator set ${operatorSet} has no GroupNormalization: sets from 18 on have`,
    );
  const attributes = graphAttributes(node);
  const [x, scale, bias] = [0, 1, 2].map((i) => context.value(node.inputs[i] ?? "")) as [Value, Value, Value];
  const groups = intOf(attributes, "num_groups", 0);
  const channels = x.shape[1];
  if (typeof channels !== "number" || groups < 1 || channels % groups !== 0)
    throw new PacelineError("bad-input", `${String(channels)} channels do not make ${groups} groups`);
  const byGroup = operatorSet < BY_CHANNEL_SET;
  requireLength("scale", scale, byGroup ? groups : channels);
  requireLength("bias", bias, byGroup ? groups : channels);
  const each = (value: Value): Value => (byGroup ? repeatEach(model.graph, value, channels / groups) : value);
  addNode(node, context, [x, each(scale), each(bias)], attributes);
};

function requireLength(what: string, { name, shape }: Value, length: number): void {
  if (shape.length === 1 && shape[0] === length) return;
  throw new PacelineError(
    "bad-input",
    `the ${what} "${name}" has the shape [${shape.join(", ")}], not [${length}]: sets 18 to 20 have one for each group, set 21 one for each channel`,
  );
}

/** [a, b] two times: [a, a, b, b]. */
function repeatEach(graph: GraphBuilder, value: Value, times: number): Value {
  if (times === 1) return value;
  const length = value.shape[0] as number;
  const column = graph.node("Reshape", [value, graph.ints([length, 1])]);
  return graph.node("Reshape", [
    graph.node("Expand", [column, graph.ints([length, times])]),
    graph.ints([length * times]),
  ]);
}
