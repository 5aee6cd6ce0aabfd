import { PbfWriter } from "pbf";
import { type Attribute, type Constant, DATA_TYPE, type Graph, type Node, type Value } from "./graph.ts";

/**
 * Writes a graph as an ONNX ModelProto. The field numbers are those of `onnx/onnx.proto` (ONNX 1.16, IR version 10).
 */

const IR_VERSION = 10;
export const OPERATOR_SET = 21;

const ATTRIBUTE_TYPE: Readonly<Record<Attribute["kind"], number>> = {
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  ints: 7,
  strings: 8,
};

/** @param metadata what `metadata_props` says of the model */
export function encodeModel(graph: Graph, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  const writer = new PbfWriter();
  writer.writeVarintField(1, IR_VERSION);
  writer.writeStringField(2, "paceline");
  writer.writeMessage(7, writeGraph, graph);
  writer.writeMessage(8, writeOperatorSet, OPERATOR_SET);
  for (const entry of Object.entries(metadata)) writer.writeMessage(14, writeEntry, entry);
  return writer.finish();
}

function writeEntry([key, value]: [string, string], writer: PbfWriter): void {
  writer.writeStringField(1, key);
  writer.writeStringField(2, value);
}

function writeOperatorSet(version: number, writer: PbfWriter): void {
  writer.writeVarintField(2, version);
}

function writeGraph(graph: Graph, writer: PbfWriter): void {
  for (const node of graph.nodes) writer.writeMessage(1, writeNode, node);
  writer.writeStringField(2, graph.name);
  for (const constant of graph.constants) writer.writeMessage(5, writeTensor, constant);
  for (const input of graph.inputs) writer.writeMessage(11, writeValueInfo, input);
  for (const output of graph.outputs) writer.writeMessage(12, writeValueInfo, output);
}

function writeNode(node: Node, writer: PbfWriter): void {
  for (const input of givenInputs(node)) writer.writeStringField(1, input?.name ?? "");
  for (const output of node.outputs) writer.writeStringField(2, output.name);
  if (node.name !== "") writer.writeStringField(3, node.name);
  writer.writeStringField(4, node.operator);
  for (const entry of Object.entries(node.attributes)) writer.writeMessage(5, writeAttribute, entry);
}

/** Up to the last one that is there: some of ONNX Runtime's kernels crash on an input of no name behind the others. */
function givenInputs({ inputs }: Node): Node["inputs"] {
  return inputs.slice(0, inputs.findLastIndex((input) => input !== undefined) + 1);
}

function writeAttribute([name, attribute]: [string, Attribute], writer: PbfWriter): void {
  writer.writeStringField(1, name);
  writeAttributeValue(attribute, writer);
  writer.writeVarintField(20, ATTRIBUTE_TYPE[attribute.kind]);
}

function writeAttributeValue(attribute: Attribute, writer: PbfWriter): void {
  switch (attribute.kind) {
    case "float":
      return writer.writeFloatField(2, attribute.value);
    case "int":
      return writer.writeVarintField(3, attribute.value);
    case "string":
      return writer.writeStringField(4, attribute.value);
    case "tensor":
      return writer.writeMessage(5, writeTensor, attribute.value);
    case "graph":
      return writer.writeMessage(6, writeGraph, attribute.value);
    case "floats":
      return attribute.value.forEach((value) => writer.writeFloatField(7, value));
    case "ints":
      return attribute.value.forEach((value) => writer.writeVarintField(8, value));
    case "strings":
      return attribute.value.forEach((value) => writer.writeStringField(9, value));
  }
}

function writeTensor(constant: Constant, writer: PbfWriter): void {
  for (const size of constant.shape) writer.writeVarintField(1, size);
  writer.writeVarintField(2, DATA_TYPE[constant.type]);
  writer.writeStringField(8, constant.name);
  // raw_data is little-endian by the format, as are typed arrays on every platform that the engines run on
  const { buffer, byteOffset, byteLength } = constant.data;
  writer.writeBytesField(9, new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength));
}

function writeValueInfo(value: Value, writer: PbfWriter): void {
  writer.writeStringField(1, value.name);
  writer.writeMessage(2, writeType, value);
}

function writeType(value: Value, writer: PbfWriter): void {
  writer.writeMessage(1, writeTensorType, value);
}

function writeTensorType(value: Value, writer: PbfWriter): void {
  writer.writeVarintField(1, DATA_TYPE[value.type]);
  writer.writeMessage(2, writeShape, value.shape);
}

function writeShape(shape: Value["shape"], writer: PbfWriter): void {
  for (const size of shape) writer.writeMessage(1, writeDimension, size);
}

function writeDimension(size: number | string, writer: PbfWriter): void {
  if (typeof size === "number") writer.writeVarintField(1, size);
  else writer.writeStringField(2, size);
}
