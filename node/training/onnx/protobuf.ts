import { PbfWriter } from "pbf";
import type { Attribute, Constant, ElementType, Graph, Node, TypedValue } from "./graph.ts";

/**
 * Writes a graph as an ONNX ModelProto. The field numbers are those of `onnx/onnx.proto` (ONNX 1.16, IR version 10).
 */

const IR_VERSION = 10;
const OPERATOR_SET = 21;

const DATA_TYPE: Readonly<Record<ElementType, number>> = { float32: 1, int32: 6, int64: 7, bool: 9 };
const ATTRIBUTE_TYPE: Readonly<Record<Attribute["kind"], number>> = { float: 1, int: 2, graph: 5 };

export function encodeModel(graph: Graph): Uint8Array {
  const writer = new PbfWriter();
  writer.writeVarintField(1, IR_VERSION);
  writer.writeStringField(2, "paceline");
  writer.writeMessage(7, writeGraph, graph);
  writer.writeMessage(8, writeOperatorSet, OPERATOR_SET);
  return writer.finish();
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
  for (const input of node.inputs) writer.writeStringField(1, input.name);
  for (const output of node.outputs) writer.writeStringField(2, output.name);
  writer.writeStringField(4, node.operator);
  for (const entry of Object.entries(node.attributes)) writer.writeMessage(5, writeAttribute, entry);
}

function writeAttribute([name, attribute]: [string, Attribute], writer: PbfWriter): void {
  writer.writeStringField(1, name);
  if (attribute.kind === "float") writer.writeFloatField(2, attribute.value);
  else if (attribute.kind === "int") writer.writeVarintField(3, attribute.value);
  else writer.writeMessage(6, writeGraph, attribute.value);
  writer.writeVarintField(20, ATTRIBUTE_TYPE[attribute.kind]);
}

function writeTensor(constant: Constant, writer: PbfWriter): void {
  for (const size of constant.shape) writer.writeVarintField(1, size);
  writer.writeVarintField(2, DATA_TYPE[constant.type]);
  writer.writeStringField(8, constant.name);
  // raw_data is little-endian by the format, as are typed arrays on every platform onnxruntime-node runs on
  const { buffer, byteOffset, byteLength } = constant.data;
  writer.writeBytesField(9, new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength));
}

function writeValueInfo(value: TypedValue, writer: PbfWriter): void {
  writer.writeStringField(1, value.name);
  writer.writeMessage(2, writeType, value);
}

function writeType(value: TypedValue, writer: PbfWriter): void {
  writer.writeMessage(1, writeTensorType, value);
}

function writeTensorType(value: TypedValue, writer: PbfWriter): void {
  writer.writeVarintField(1, DATA_TYPE[value.type]);
  writer.writeMessage(2, writeShape, value.shape);
}

function writeShape(shape: TypedValue["shape"], writer: PbfWriter): void {
  for (const size of shape) writer.writeMessage(1, writeDimension, size);
}

function writeDimension(size: number | string, writer: PbfWriter): void {
  if (typeof size === "number") writer.writeVarintField(1, size);
  else writer.writeStringField(2, size);
}
