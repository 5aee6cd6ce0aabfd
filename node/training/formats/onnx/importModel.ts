import { PacelineError } from "../../../core/errors.ts";
import { axisOf } from "../../graph/attributes.ts";
import type { Shape, Value } from "../../graph/graph.ts";
import type { Model } from "../../models/model.ts";
import { ModelBuilder } from "../../models/modelBuilder.ts";
import type { FileModel } from "../fileModel.ts";
import { finishModel, freeName } from "../finishModel.ts";
import { ownValue, requirePossible } from "../guard.ts";
import type { LossKind } from "../outputs.ts";
import { convertNode } from "./convertNode.ts";
import { decodeModel } from "./decode.ts";
import { findHead, type Head } from "./head.ts";
import { ImportContext } from "./importContext.ts";
import { initialiserRoles, type Role } from "./parameters.ts";
import { RawGraph } from "./rawGraph.ts";
import { describeNode, type RawTensor, type RawValue } from "./rawModel.ts";

/** What an ONNX file cannot say of itself. */
export interface ImportOptions {
  /** By default what the final activation fits; without one, softmax-cross-entropy, or mean-squared-error for a single output. */
  readonly loss?: LossKind | undefined;
  /** Name of the output that is trained, where there are several. */
  readonly output?: string | undefined;
  /** Initialisers that are not trained. */
  readonly frozen?: readonly string[] | undefined;
  /** Of one example, by input, where the file leaves sizes open. */
  readonly inputShapes?: Readonly<Record<string, readonly number[]>> | undefined;
}

/**
 * Rebuilds the graph of an ONNX file (operator sets 13 to 21, as the exporters of PyTorch, Keras and scikit-learn write them) as
 * a model. The first axis of every input is the batch. Float initialisers are the params (parameters.ts says which); shape
 * arithmetic is done now; a final softmax or sigmoid is left to the loss.
 * @throws PacelineError `bad-input` or `unsupported`, naming the node where there is one
 */
export function importOnnx(bytes: Uint8Array, options: ImportOptions = {}): FileModel {
  const raw = decodeModel(bytes);
  const graph = new RawGraph(raw);
  const head = findHead(graph, options.output, options.loss);
  const nodes = graph.nodesBehind(head.output, head.aliases);
  const read = new Set([head.output, ...nodes.flatMap(({ inputs }) => inputs)]);
  const examples = exampleInputs(graph, read);
  const builder = new ModelBuilder();
  const context = new ImportContext(builder, head, raw.operatorSets.get("") ?? 1, fixedBatchOf(examples));
  for (const input of examples) addExample(input, context, options.inputShapes ?? {});
  const roles = initialiserRoles(graph, nodes, options.frozen ?? []);
  for (const [name, tensor] of graph.initialisers)
    // what nothing reads, such as the names of classes, is left out
    if (read.has(name)) addInitialiser(name, tensor, roles.get(name) ?? "constant", context);
  for (const node of nodes) convertNode(node, context);
  const model = finish(context);
  const origin = {
    inputs: examples.map(({ name }) => name),
    output: head.output,
    activation: head.activation,
  };
  return { model, origin };
}

/** Older files list initialisers among the inputs, too; what only other outputs depend on is left out. */
function exampleInputs(graph: RawGraph, read: ReadonlySet<string>): readonly RawValue[] {
  const inputs = graph.model.inputs.filter(({ name }) => !graph.initialisers.has(name));
  if (inputs.length === 0) throw new PacelineError("bad-input", "the model has no inputs");
  const own = inputs.filter(({ name }) => read.has(name));
  return own.length === 0 ? inputs : own;
}

/** The size of the first axes, where they all have the same one. */
function fixedBatchOf(examples: readonly RawValue[]): number | undefined {
  const sizes = new Set(examples.map(({ shape }) => shape?.[0]));
  const [size] = sizes;
  return sizes.size === 1 && typeof size === "number" ? size : undefined;
}

function addExample(
  { name, type, shape }: RawValue,
  context: ImportContext,
  given: Readonly<Record<string, readonly number[]>>,
): void {
  if (type !== "float32" && type !== "int32" && type !== "int64")
    throw new PacelineError("unsupported", `the model's input "${name}" is of ${type}: only numbers are supported`);
  const sizes = ownValue(given, name) ?? shape?.slice(1);
  if (sizes === undefined || shape?.length === 0)
    throw new PacelineError("bad-input", `the model's input "${name}" has no shape with the batch as its first axis`);
  const own = sizes.map((size, i) => {
    if (typeof size === "number") return size;
    const label = size === undefined ? "" : ` ("${size}")`;
    throw new PacelineError(
      "bad-input",
      `the size of axis ${i + 1}${label} of the model's input "${name}" is open: give the shape of one example under "inputShapes" in the model's spec`,
    );
  });
  requirePossible(`the model's input "${name}"`, ["batch", ...own]);
  context.defineValue(name, context.model.example(freeName(name), type, own));
}

function addInitialiser(name: string, tensor: RawTensor, role: Role, context: ImportContext): void {
  if (tensor.type === "string")
    throw new PacelineError("unsupported", `the initialiser "${name}" has texts, which the model's output depends on`);
  if (role === "constant") context.define(name, { kind: "constant", constant: tensor });
  else context.defineValue(name, context.param(name, tensor.shape, tensor.data as Float32Array, role));
}

function finish(context: ImportContext): Model {
  const { head } = context;
  const outputs = context.value(head.output);
  requireLastAxis(head, outputs.shape);
  return finishModel(context.model, copyOfInput(outputs, context), head.output, head.loss);
}

/** A model that only hands its input on still has a node, so that its output is not its input. */
function copyOfInput(outputs: Value, context: ImportContext): Value {
  return context.model.graph.producerOf(outputs) === undefined
    ? context.model.graph.node("Identity", [outputs])
    : outputs;
}

function requireLastAxis({ activation, node, output }: Head, shape: Shape): void {
  if (node === undefined || (activation !== "softmax" && activation !== "log-softmax")) return;
  const axis = node.attributes["axis"];
  if (axis?.kind !== "int" || axisOf(axis.value, shape.length) === shape.length - 1) return;
  throw new PacelineError(
    "unsupported",
    `${describeNode(node)}: the classes of the output "${output}" must be on the last axis, not on axis ${axis.value} of [${shape.join(", ")}]`,
  );
}
