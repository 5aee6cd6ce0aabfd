import { PacelineError } from "../../../core/errors.ts";
import { requireFewNodes } from "../guard.ts";
import { type ProtoField, readMessage } from "./protobuf.ts";
import type { RawAttribute, RawModel, RawNode, RawTensor, RawValue } from "./rawModel.ts";
import { elementTypeOf, readTensor } from "./tensor.ts";

/**
 * Reads an ONNX ModelProto. The field numbers are those of `onnx/onnx.proto` (ONNX 1.16). Nothing nests deeper than
 * model, graph, node, attribute, tensor: bodies of control-flow operators are skipped.
 */

const MAX_NAME = 4096;
/** 64 million parameters as doubles, and as much again. */
export const MAX_FILE_BYTES = 2 ** 30;

/** @throws PacelineError `bad-input` where the file is no ONNX model, damaged or cut short; `unsupported` for external data and functions */
export function decodeModel(bytes: Uint8Array): RawModel {
  if (bytes.length > MAX_FILE_BYTES)
    throw new PacelineError("bad-input", `the ONNX file has ${bytes.length} bytes; at most ${MAX_FILE_BYTES} are read`);
  const operatorSets = new Map<string, number>();
  const metadata: Record<string, string> = {};
  const model = { producer: "", graphs: [] as Uint8Array[], functions: 0 };
  readMessage(bytes, "the model", (number, field) => {
    if (number === 2) model.producer = field.text();
    else if (number === 7) model.graphs.push(field.bytes());
    else if (number === 8) readOperatorSet(field.bytes(), operatorSets);
    else if (number === 14) readEntry(field.bytes(), metadata);
    else if (number === 25) model.functions++;
  });
  const [graph] = model.graphs;
  if (graph === undefined || model.graphs.length > 1 || operatorSets.size === 0)
    throw new PacelineError("bad-input", "the file is no ONNX model: it has no graph or no operator set");
  if (model.functions > 0)
    throw new PacelineError("unsupported", "the ONNX file defines functions of its own: export it with them inlined");
  return { producer: model.producer, operatorSets, metadata, ...readGraph(graph) };
}

function readOperatorSet(bytes: Uint8Array, into: Map<string, number>): void {
  const set = { domain: "", version: 0 };
  readMessage(bytes, "an operator set", (number, field) => {
    if (number === 1) set.domain = name(field);
    else if (number === 2) set.version = field.integer();
  });
  into.set(set.domain === "ai.onnx" ? "" : set.domain, set.version);
}

function readEntry(bytes: Uint8Array, into: Record<string, string>): void {
  const entry = { key: "", value: "" };
  readMessage(bytes, "a metadata entry", (number, field) => {
    if (number === 1) entry.key = name(field);
    else if (number === 2) entry.value = field.text();
  });
  Object.defineProperty(into, entry.key, { value: entry.value, enumerable: true, configurable: true });
}

function readGraph(bytes: Uint8Array): Pick<RawModel, "nodes" | "initialisers" | "inputs" | "outputs"> {
  const graph = {
    nodes: [] as RawNode[],
    initialisers: [] as RawTensor[],
    inputs: [] as RawValue[],
    outputs: [] as RawValue[],
  };
  readMessage(bytes, "the graph", (number, field) => {
    if (number === 1) graph.nodes.push(readNode(field.bytes()));
    else if (number === 5) graph.initialisers.push(readTensor(field.bytes(), "an initialiser"));
    else if (number === 11) graph.inputs.push(readValue(field.bytes()));
    else if (number === 12) graph.outputs.push(readValue(field.bytes()));
    else if (number === 15) throw new PacelineError("unsupported", "the ONNX file has sparse initialisers");
    requireFewNodes("the ONNX file", graph.nodes.length);
  });
  requireDistinct(
    graph.initialisers.map((each) => each.name),
    "initialiser",
  );
  requireDistinct(
    graph.inputs.map((each) => each.name),
    "input",
  );
  return graph;
}

function requireDistinct(names: readonly string[], what: string): void {
  const seen = new Set<string>();
  for (const each of names) {
    if (seen.has(each) || each === "")
      throw new PacelineError("bad-input", `the ONNX file has two ${what}s of the name "${each}", or one without`);
    seen.add(each);
  }
}

/** Names show in messages and stay in memory. */
function name(field: ProtoField): string {
  const text = field.text();
  if (text.length > MAX_NAME) throw new PacelineError("bad-input", "the ONNX file has a name of unreasonable length");
  return text;
}

function readNode(bytes: Uint8Array): RawNode {
  const node = { operator: "", domain: "", name: "", inputs: [] as string[], outputs: [] as string[] };
  const attributes: Record<string, RawAttribute> = Object.create(null) as Record<string, RawAttribute>;
  readMessage(bytes, "a node", (number, field) => {
    if (number === 1) node.inputs.push(name(field));
    else if (number === 2) node.outputs.push(name(field));
    else if (number === 3) node.name = name(field);
    else if (number === 4) node.operator = name(field);
    else if (number === 5) {
      const [key, attribute] = readAttribute(field.bytes());
      attributes[key] = attribute;
    } else if (number === 7) node.domain = name(field);
  });
  return { ...node, domain: node.domain === "ai.onnx" ? "" : node.domain, attributes };
}

const KINDS: Readonly<Record<number, "float" | "int" | "string" | "tensor" | "floats" | "ints" | "strings">> = {
  1: "float",
  2: "int",
  3: "string",
  4: "tensor",
  6: "floats",
  7: "ints",
  8: "strings",
};

function readAttribute(bytes: Uint8Array): [name: string, RawAttribute] {
  const read = { name: "", type: 0, float: 0, int: 0, text: "", tensor: undefined as RawTensor | undefined };
  const lists = { floats: [] as number[], ints: [] as number[], texts: [] as string[] };
  readMessage(bytes, "an attribute", (number, field) => {
    if (number === 1) read.name = name(field);
    else if (number === 2) read.float = field.float();
    else if (number === 3) read.int = field.integer();
    else if (number === 4) read.text = field.text();
    else if (number === 5) read.tensor = readTensor(field.bytes(), `the attribute "${read.name}"`);
    else if (number === 7) field.floats(lists.floats);
    else if (number === 8) field.integers(lists.ints);
    else if (number === 9) lists.texts.push(field.text());
    else if (number === 20) read.type = field.integer();
  });
  return [read.name, attributeOf(read, lists)];
}

function attributeOf(
  read: { type: number; float: number; int: number; text: string; tensor: RawTensor | undefined },
  lists: { floats: readonly number[]; ints: readonly number[]; texts: readonly string[] },
): RawAttribute {
  const kind = KINDS[read.type];
  switch (kind) {
    case "float":
      return { kind, value: read.float };
    case "int":
      return { kind, value: read.int };
    case "string":
      return { kind, value: read.text };
    case "floats":
      return { kind, value: lists.floats };
    case "ints":
      return { kind, value: lists.ints };
    case "strings":
      return { kind, value: lists.texts };
    case "tensor":
      return read.tensor === undefined ? { kind: "other" } : { kind, value: read.tensor };
    default:
      return { kind: "other" };
  }
}

function readValue(bytes: Uint8Array): RawValue {
  const value = { name: "", type: undefined as Uint8Array | undefined };
  readMessage(bytes, "an input or output", (number, field) => {
    if (number === 1) value.name = name(field);
    else if (number === 2) value.type = field.bytes();
  });
  return { name: value.name, ...readType(value.type ?? new Uint8Array(0), value.name) };
}

function readType(bytes: Uint8Array, what: string): Pick<RawValue, "type" | "shape"> {
  let tensor: Uint8Array | undefined;
  readMessage(bytes, what, (number, field) => {
    if (number === 1) tensor = field.bytes();
  });
  if (tensor === undefined) return { type: "none", shape: undefined };
  const read = { type: 0, shape: undefined as RawValue["shape"] };
  readMessage(tensor, what, (number, field) => {
    if (number === 1) read.type = field.integer();
    else if (number === 2) read.shape = readShape(field.bytes(), what);
  });
  return { type: elementTypeOf(read.type, what), shape: read.shape };
}

function readShape(bytes: Uint8Array, what: string): readonly (number | string | undefined)[] {
  const shape: (number | string | undefined)[] = [];
  readMessage(bytes, what, (number, field) => {
    if (number === 1) shape.push(readDimension(field.bytes(), what));
  });
  return shape;
}

/** A size below 1 is how some exporters say that it is not known. */
function readDimension(bytes: Uint8Array, what: string): number | string | undefined {
  let size: number | string | undefined;
  readMessage(bytes, what, (number, field) => {
    if (number === 1) size = field.integer();
    else if (number === 2) size = name(field);
  });
  return (typeof size === "number" && size < 1) || size === "" ? undefined : size;
}
