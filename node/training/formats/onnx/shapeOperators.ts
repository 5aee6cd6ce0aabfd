import { PacelineError } from "../../../core/errors.ts";
import { intOf } from "../../graph/attributes.ts";
import { broadcast, multiplyDims, sameShape } from "../../graph/dims.ts";
import { DATA_TYPE, type Dim, int } from "../../graph/graph.ts";
import { type Converter, type Converters, addNode, fold } from "./converter.ts";
import { foldCast } from "./folding/elementwise.ts";
import { type Entry, graphAttributes } from "./importContext.ts";
import { type Known, numbersOf, scalar, vector } from "./known.ts";
import { type RawAttribute, describeNode } from "./rawModel.ts";
import { reshapeTarget } from "./reshapeTarget.ts";
import { elementTypeOf } from "./tensor.ts";

/** Operators that are about shapes and constants: most leave no node in the graph. */

const identity: Converter = ({ inputs, outputs }, context) =>
  context.define(outputs[0] ?? "", context.entry(inputs[0] ?? ""));

const constant: Converter = (node, context) => {
  const [name = ""] = node.outputs;
  const found = Object.entries(node.attributes).map(([kind, attribute]) => constantOf(kind, attribute))[0];
  if (found === undefined) throw new PacelineError("unsupported", "a constant without a value of numbers");
  context.define(name, found);
};

function constantOf(kind: string, attribute: RawAttribute): Entry | undefined {
  if (attribute.kind === "tensor")
    return attribute.value.type === "string" ? undefined : { kind: "constant", constant: attribute.value };
  const list = (type: "float32" | "int64", shape: readonly number[], elements: readonly number[]): Entry => ({
    kind: "known",
    known: { type, shape, elements },
  });
  if (kind === "value_int" && attribute.kind === "int") return list("int64", [], [attribute.value]);
  if (kind === "value_float" && attribute.kind === "float") return list("float32", [], [attribute.value]);
  if (kind === "value_ints" && attribute.kind === "ints")
    return list("int64", [attribute.value.length], attribute.value);
  if (kind === "value_floats" && attribute.kind === "floats")
    return list("float32", [attribute.value.length], attribute.value);
  return undefined;
}

const shape: Converter = (node, context) => {
  const sizes = context.typed(node.inputs[0] ?? "").shape;
  const attributes = graphAttributes(node);
  const rank = sizes.length;
  const [start, end] = [intOf(attributes, "start", 0), intOf(attributes, "end", rank)];
  context.define(node.outputs[0] ?? "", { kind: "known", known: vector(sizes.slice(start, end)) });
};

const size: Converter = ({ inputs, outputs }, context) =>
  context.define(outputs[0] ?? "", {
    kind: "known",
    known: scalar(multiplyDims(context.typed(inputs[0] ?? "").shape)),
  });

/** Types that the graph does not have are read as the wider ones that stand for them. */
const cast: Converter = (node, context) => {
  const [input = ""] = node.inputs;
  const [output = ""] = node.outputs;
  const type = elementTypeOf(intOf(graphAttributes(node), "to", 0), describeNode(node));
  if (type === "string") throw new PacelineError("unsupported", "texts are not supported");
  const entry = context.entry(input);
  if (context.typed(input).type === type) return context.define(output, entry);
  if (entry.kind === "filled") return context.define(output, { kind: "filled", filled: { ...entry.filled, type } });
  const known = context.known(input);
  const folded = known && foldCast(known, type);
  if (folded !== undefined) return context.define(output, { kind: "known", known: folded });
  addNode(node, context, [context.value(input)], { to: int(DATA_TYPE[type]) });
};

const reshape: Converter = (node, context) => {
  const [data = "", to = ""] = node.inputs;
  const attributes = graphAttributes(node);
  const wanted = context.known(to);
  if (wanted === undefined)
    throw new PacelineError("unsupported", "the shape is computed by the graph from its values");
  const from = context.typed(data);
  const target = resolveZeros(wanted.elements, from.shape, intOf(attributes, "allowzero", 0) === 1);
  const entry = context.entry(data);
  const folded = fold(node, context, attributes);
  if (folded !== undefined) return context.define(node.outputs[0] ?? "", { kind: "known", known: folded });
  const resolved = reshapeTarget(from.shape, target, context.fixedBatch);
  if (entry.kind === "filled")
    return context.define(node.outputs[0] ?? "", {
      kind: "filled",
      filled: { ...entry.filled, shape: resolved.shape },
    });
  addNode(node, context, [context.value(data), context.model.graph.ints(resolved.target)], {});
};

/** A zero keeps the size that is there. */
function resolveZeros(wanted: readonly Dim[], from: readonly Dim[], allowZero: boolean): readonly Dim[] {
  return wanted.map((dim, i) => (dim === 0 && !allowZero ? (from[i] ?? 0) : dim));
}

const constantOfShape: Converter = (node, context) => {
  const sizes = sizesOf(context.known(node.inputs[0]));
  const { value } = node.attributes;
  const tensor = value?.kind === "tensor" && value.value.type !== "string" ? value.value : undefined;
  const fill = tensor === undefined ? 0 : Number(tensor.data[0]);
  context.define(node.outputs[0] ?? "", {
    kind: "filled",
    filled: { type: tensor?.type ?? "float32", shape: sizes, fill },
  });
};

function sizesOf(known: Known | undefined): readonly Dim[] {
  if (known === undefined) throw new PacelineError("unsupported", "the shape is computed by the graph from its values");
  return known.elements;
}

const expand: Converter = (node, context) => {
  const [data = "", to = ""] = node.inputs;
  const [output = ""] = node.outputs;
  const known = fold(node, context, {});
  if (known !== undefined) return context.define(output, { kind: "known", known });
  const from = context.typed(data);
  const target = sizesOf(context.known(to));
  const expanded = broadcast(from.shape, target);
  if (expanded === undefined)
    throw new PacelineError("bad-input", `[${from.shape.join(", ")}] cannot be expanded to [${target.join(", ")}]`);
  if (sameShape(expanded, from.shape)) return context.define(output, context.entry(data));
  const fill = uniformNumber(context.entry(data), context.known(data));
  if (fill !== undefined)
    return context.define(output, { kind: "filled", filled: { type: from.type, shape: expanded, fill } });
  addNode(node, context, [context.value(data), context.value(to)], {});
};

/** The one number that a tensor has everywhere. */
function uniformNumber(entry: Entry, known: Known | undefined): number | undefined {
  if (entry.kind === "filled") return entry.filled.fill;
  const numbers = known && numbersOf(known);
  return numbers !== undefined && new Set(numbers).size === 1 ? numbers[0] : undefined;
}

export const SHAPE_OPERATORS: Converters = {
  Identity: identity,
  Constant: constant,
  Shape: shape,
  Size: size,
  Cast: cast,
  Reshape: reshape,
  ConstantOfShape: constantOfShape,
  Expand: expand,
};
