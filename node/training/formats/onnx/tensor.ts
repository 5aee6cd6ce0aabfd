import { PacelineError } from "../../../core/errors.ts";
import type { ElementData, ElementType } from "../../graph/graph.ts";
import { elementCount } from "../../models/model.ts";
import { eachVarint, readMessage } from "./protobuf.ts";
import type { RawTensor } from "./rawModel.ts";

/**
 * Reads a TensorProto (`onnx/onnx.proto`, ONNX 1.16). Floats of other widths become float32, and integers of other widths the
 * next wider type that the graph knows.
 */

const STRING = 8;

interface StoredType {
  readonly becomes: ElementType;
  /** Bytes an element in `raw_data`. */
  readonly width: number;
  readonly read: (view: DataView, at: number) => number | bigint;
}

const littleEndian = true;

/** By `TensorProto.DataType`. */
const STORED: Readonly<Record<number, StoredType>> = {
  1: { becomes: "float32", width: 4, read: (view, at) => view.getFloat32(at, littleEndian) },
  2: { becomes: "int32", width: 1, read: (view, at) => view.getUint8(at) },
  3: { becomes: "int32", width: 1, read: (view, at) => view.getInt8(at) },
  4: { becomes: "int32", width: 2, read: (view, at) => view.getUint16(at, littleEndian) },
  5: { becomes: "int32", width: 2, read: (view, at) => view.getInt16(at, littleEndian) },
  6: { becomes: "int32", width: 4, read: (view, at) => view.getInt32(at, littleEndian) },
  7: { becomes: "int64", width: 8, read: (view, at) => view.getBigInt64(at, littleEndian) },
  9: { becomes: "bool", width: 1, read: (view, at) => (view.getUint8(at) === 0 ? 0 : 1) },
  10: { becomes: "float32", width: 2, read: (view, at) => halfToNumber(view.getUint16(at, littleEndian)) },
  11: { becomes: "float32", width: 8, read: (view, at) => view.getFloat64(at, littleEndian) },
  12: { becomes: "int64", width: 4, read: (view, at) => BigInt(view.getUint32(at, littleEndian)) },
  13: { becomes: "int64", width: 8, read: (view, at) => view.getBigInt64(at, littleEndian) },
  16: { becomes: "float32", width: 2, read: (view, at) => bfloatToNumber(view.getUint16(at, littleEndian)) },
};

/** The type that a value of an ONNX element type has in the graph. Throws `unsupported` for one that is not known. */
export function elementTypeOf(dataType: number, what: string): ElementType | "string" {
  if (dataType === STRING) return "string";
  const stored = STORED[dataType];
  if (stored === undefined)
    throw new PacelineError("unsupported", `${what}: the ONNX element type ${dataType} is not supported`);
  return stored.becomes;
}

/** What is said of a tensor, in whatever order the file says it. */
interface Fields {
  readonly dims: number[];
  dataType: number;
  name: string;
  raw: Uint8Array | undefined;
  external: boolean;
  /** Of `float_data`, `int32_data`, `int64_data`, `double_data` and `uint64_data`. */
  readonly typed: Map<number, Uint8Array[]>;
}

const FLOAT_DATA = 4;
const INT32_DATA = 5;
const INT64_DATA = 7;
const DOUBLE_DATA = 10;
const UINT64_DATA = 11;

const MAX_RANK = 8;

export function readTensor(bytes: Uint8Array, what: string): RawTensor {
  const fields: Fields = { dims: [], dataType: 0, name: "", raw: undefined, external: false, typed: new Map() };
  readMessage(bytes, what, (number, field) => {
    if (number === 1) field.integers(fields.dims);
    else if (number === 2) fields.dataType = field.integer();
    else if (number === 8) fields.name = field.text();
    else if (number === 9) fields.raw = field.bytes();
    else if (number === 13 || (number === 14 && field.integer() === 1)) fields.external = true;
    else if (number === FLOAT_DATA) keep(fields, number, field.packed("fixed32"));
    else if (number === DOUBLE_DATA) keep(fields, number, field.packed("fixed64"));
    else if (number === INT32_DATA || number === INT64_DATA || number === UINT64_DATA)
      keep(fields, number, field.packed("varint"));
  });
  const named = fields.name === "" ? what : `${what} "${fields.name}"`;
  if (fields.external)
    throw new PacelineError(
      "unsupported",
      `${named} keeps its data in another file: export the model with all weights inside (external data off)`,
    );
  return decode(fields, named);
}

function keep(fields: Fields, number: number, bytes: Uint8Array): void {
  const parts = fields.typed.get(number) ?? [];
  parts.push(bytes);
  fields.typed.set(number, parts);
}

function decode(fields: Fields, what: string): RawTensor {
  const { name, dims: shape, dataType } = fields;
  const type = elementTypeOf(dataType, what);
  if (shape.length > MAX_RANK || !shape.every((size) => Number.isSafeInteger(size) && size >= 0))
    throw new PacelineError("bad-input", `${what} has the shape [${shape.join(", ")}]`);
  if (type === "string") return { name, type, shape };
  const data =
    fields.raw === undefined
      ? typedData(fields, elementCount(shape), what)
      : rawData(fields.raw, fields.dataType, elementCount(shape), what);
  return { name, type, shape, data };
}

function allocate(type: ElementType, count: number): ElementData {
  if (type === "float32") return new Float32Array(count);
  if (type === "int32") return new Int32Array(count);
  return type === "int64" ? new BigInt64Array(count) : new Uint8Array(count);
}

function rawData(bytes: Uint8Array, dataType: number, count: number, what: string): ElementData {
  const { becomes, width, read } = STORED[dataType] as StoredType;
  if (bytes.byteLength !== count * width)
    throw wrongSize(what, `${count} elements of ${width} bytes`, `${bytes.byteLength} bytes`);
  if (dataType === 1) return new Float32Array(new Uint8Array(bytes).buffer);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const data = allocate(becomes, count);
  for (let i = 0; i < count; i++) data[i] = read(view, i * width);
  return data;
}

/** Narrow types stand in `int32_data`, half floats there by their bits. */
function typedData(fields: Fields, count: number, what: string): ElementData {
  const { dataType, typed } = fields;
  const type = STORED[dataType] as StoredType;
  if (dataType === 1 || dataType === 11) {
    const parts = typed.get(dataType === 1 ? FLOAT_DATA : DOUBLE_DATA) ?? [];
    return rawData(new Uint8Array(Buffer.concat(parts)), dataType, count, what);
  }
  const field = dataType === 7 ? INT64_DATA : dataType === 12 || dataType === 13 ? UINT64_DATA : INT32_DATA;
  const parts = typed.get(field) ?? [];
  // each number takes a byte at least, so what is allocated stays within eight times the file
  if (parts.reduce((sum, { length }) => sum + length, 0) < count)
    throw wrongSize(what, `${count} elements`, "less data");
  const data = allocate(type.becomes, count);
  const convert = integerReader(dataType);
  let at = 0;
  for (const part of parts) eachVarint(part, what, (value) => (data[at++] = convert(value)));
  if (at !== count) throw wrongSize(what, `${count} elements`, `${at}`);
  return data;
}

function integerReader(dataType: number): (value: bigint) => number | bigint {
  if (dataType === 7 || dataType === 12 || dataType === 13) return (value) => value;
  if (dataType === 10) return (value) => halfToNumber(Number(value) & 0xffff);
  if (dataType === 16) return (value) => bfloatToNumber(Number(value) & 0xffff);
  return (value) => Number(value);
}

function wrongSize(what: string, expected: string, found: string): PacelineError {
  return new PacelineError("bad-input", `${what}: its shape wants ${expected}, the file has ${found}`);
}

/** IEEE 754 binary16. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** bfloat16 is the upper half of a float32. */
function bfloatToNumber(bits: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint16(0, bits);
  return view.getFloat32(0);
}
