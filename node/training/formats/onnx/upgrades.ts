import { PacelineError } from "../../../core/errors.ts";
import { floatOf, intsOf } from "../../graph/attributes.ts";
import { int, isConstant, type Value } from "../../graph/graph.ts";
import { frozenNormalisation } from "../frozenNormalisation.ts";
import { type Converter, type Converters, addNode } from "./converter.ts";
import { groupNormalization } from "./groupNormalization.ts";
import { graphAttributes } from "./importContext.ts";
import type { RawNode } from "./rawModel.ts";

/** Operators that older sets write in another form than set 21 does. */

/** Axes became an input with set 18 (ReduceSum: 13). */
const reduce: Converter = (node, context) => {
  const attributes = graphAttributes(node);
  const axes = intsOf(attributes, "axes");
  const [data = "", axesInput] = node.inputs;
  const given = axes === undefined ? context.optionalValue(axesInput) : context.model.graph.ints(axes);
  addNode(node, context, [context.value(data), given], graphAttributes(node, ["axes"]));
};

/** With set 18 the number of parts must be said. */
const split: Converter = (node, context) => {
  const attributes = graphAttributes(node, ["split", "num_outputs"]);
  const [data = "", sizes] = node.inputs;
  const inside = intsOf(graphAttributes(node), "split");
  const given = inside === undefined ? context.optionalValue(sizes) : context.model.graph.ints(inside);
  const even = given === undefined ? { num_outputs: int(node.outputs.length) } : {};
  addNode(node, context, [context.value(data), given], { ...attributes, ...even }, node.outputs.length);
};

const DEFAULT_EPSILON = 1e-5;

/** Whether the statistics move is for training to say, not for the file; those that are frozen do not. */
const batchNormalization: Converter = (node, context) => {
  requireOne(node);
  const [x, scale, bias, mean, variance] = node.inputs.slice(0, 5).map((name) => context.value(name)) as [
    Value,
    Value,
    Value,
    Value,
    Value,
  ];
  const attributes = graphAttributes(node, ["training_mode", "spatial"]);
  if (!isConstant(mean) && !isConstant(variance))
    return addNode(node, context, [x, scale, bias, mean, variance], attributes, 1);
  const epsilon = floatOf(attributes, "epsilon", DEFAULT_EPSILON);
  const tensors = { scale, bias, mean, variance };
  context.defineValue(node.outputs[0] ?? "", frozenNormalisation(context.model.graph, x, tensors, epsilon));
};

const DEFAULT_RATIO = 0.5;

/** Always the form that does nothing when the model predicts; training puts its own in the place. */
const dropout: Converter = (node, context) => {
  requireOne(node);
  const [data = "", ratio] = node.inputs;
  const { graph } = context.model;
  const given =
    context.optionalValue(ratio) ?? graph.floats([floatOf(graphAttributes(node), "ratio", DEFAULT_RATIO)], []);
  addNode(node, context, [context.value(data), given], {}, 1);
};

/** The other outputs are of training; nothing that predicts reads them. They stay undefined, so a reader is an error. */
function requireOne({ outputs }: RawNode): void {
  if (outputs[0] === undefined || outputs[0] === "")
    throw new PacelineError("unsupported", "only its first output is supported");
}

const REDUCTIONS = "ReduceSum ReduceMean ReduceMax ReduceMin ReduceL2 ReduceSumSquare ReduceLogSumExp".split(" ");

export const UPGRADES: Converters = {
  ...Object.fromEntries(REDUCTIONS.map((operator) => [operator, reduce])),
  Split: split,
  BatchNormalization: batchNormalization,
  Dropout: dropout,
  GroupNormalization: groupNormalization,
};
