import { PbfWriter } from "pbf";

/**
 * Writes ONNX files as exporters do, with all that the product's own writer has no use for: other domains and operator sets,
 * other element types, packed data. Field numbers of `onnx/onnx.proto`.
 */

export interface OnnxFile {
  readonly operatorSets: Readonly<Record<string, number>>;
  readonly nodes: readonly OnnxNode[];
  readonly initialisers?: readonly OnnxTensor[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly functions?: number;
}

export type OnnxAttribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly text: string }
  | { readonly ints: readonly number[] }
  | { readonly floats: readonly number[] }
  | { readonly texts: readonly string[] }
  | { readonly tensor: OnnxTensor }
  | { readonly graph: true };

export interface OnnxNode {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
  readonly domain?: string;
  readonly name?: string;
}

export const FLOAT = 1;
export const UINT8 = 2;
export const INT32 = 6;
export const INT64 = 7;
export const STRING = 8;
export const BOOL = 9;
export const FLOAT16 = 10;
export const DOUBLE = 11;

export interface OnnxTensor {
  readonly name: string;
  readonly dims: readonly number[];
  readonly dataType: number;
  /** Either raw bytes … */
  readonly raw?: Uint8Array;
  /** … or numbers in the typed field of that number. */
  readonly typed?: { readonly field: number; readonly values: readonly number[]; readonly packed?: boolean };
  readonly external?: boolean;
}

export interface OnnxValue {
  readonly name: string;
  readonly dataType: number;
  /** Undefined: no shape at all; a null is a size that nothing is said of. */
  readonly shape?: readonly (number | string | null)[];
  /** A sequence of maps, as ZipMap makes. */
  readonly isMap?: boolean;
}

export const node = (
  operator: string,
  inputs: string | readonly string[],
  outputs: string | readonly string[],
  attributes: OnnxNode["attributes"] = {},
  more: Pick<OnnxNode, "domain" | "name"> = {},
): OnnxNode => ({
  operator,
  inputs: typeof inputs === "string" ? inputs.split(" ") : inputs,
  outputs: typeof outputs === "string" ? outputs.split(" ") : outputs,
  attributes,
  ...more,
});

export const floats = (name: string, dims: readonly number[], values: ArrayLike<number>): OnnxTensor => ({
  name,
  dims,
  dataType: FLOAT,
  raw: new Uint8Array(Float32Array.from(values).buffer),
});

export const longs = (
  name: string,
  values: readonly number[],
  dims: readonly number[] = [values.length],
): OnnxTensor => ({
  name,
  dims,
  dataType: INT64,
  raw: new Uint8Array(BigInt64Array.from(values, BigInt).buffer),
});

export const value = (name: string, shape: OnnxValue["shape"], dataType: number = FLOAT): OnnxValue => ({
  name,
  dataType,
  ...(shape === undefined ? {} : { shape }),
});

export function writeOnnx(file: OnnxFile): Uint8Array {
  const writer = new PbfWriter();
  writer.writeVarintField(1, 8);
  writer.writeStringField(2, "test");
  writer.writeMessage(7, writeGraph, file);
  for (const set of Object.entries(file.operatorSets)) writer.writeMessage(8, writeOperatorSet, set);
  for (let i = 0; i < (file.functions ?? 0); i++) writer.writeStringField(25, "");
  return writer.finish().slice();
}

function writeOperatorSet([domain, version]: [string, number], writer: PbfWriter): void {
  if (domain !== "") writer.writeStringField(1, domain);
  writer.writeVarintField(2, version);
}

function writeGraph({ nodes, initialisers = [], inputs, outputs }: OnnxFile, writer: PbfWriter): void {
  for (const each of nodes) writer.writeMessage(1, writeNode, each);
  writer.writeStringField(2, "main_graph");
  for (const each of initialisers) writer.writeMessage(5, writeTensor, each);
  for (const each of inputs) writer.writeMessage(11, writeValue, each);
  for (const each of outputs) writer.writeMessage(12, writeValue, each);
}

function writeNode({ operator, inputs, outputs, attributes, domain, name }: OnnxNode, writer: PbfWriter): void {
  for (const each of inputs) writer.writeStringField(1, each);
  for (const each of outputs) writer.writeStringField(2, each);
  if (name !== undefined) writer.writeStringField(3, name);
  writer.writeStringField(4, operator);
  for (const each of Object.entries(attributes)) writer.writeMessage(5, writeAttribute, each);
  if (domain !== undefined) writer.writeStringField(7, domain);
}

function writeAttribute([name, attribute]: [string, OnnxAttribute], writer: PbfWriter): void {
  writer.writeStringField(1, name);
  let type: number;
  if ("float" in attribute) {
    type = 1;
    writer.writeFloatField(2, attribute.float);
  } else if ("int" in attribute) {
    type = 2;
    writer.writeVarintField(3, attribute.int);
  } else if ("text" in attribute) {
    type = 3;
    writer.writeStringField(4, attribute.text);
  } else if ("tensor" in attribute) {
    type = 4;
    writer.writeMessage(5, writeTensor, attribute.tensor);
  } else if ("graph" in attribute) {
    type = 5;
    writer.writeMessage(6, (_: unknown, inner) => inner.writeStringField(2, "body"), undefined);
  } else if ("floats" in attribute) {
    type = 6;
    for (const each of attribute.floats) writer.writeFloatField(7, each);
  } else if ("ints" in attribute) {
    type = 7;
    for (const each of attribute.ints) writer.writeVarintField(8, each);
  } else {
    type = 8;
    for (const each of attribute.texts) writer.writeStringField(9, each);
  }
  writer.writeVarintField(20, type);
}

function writeTensor({ name, dims, dataType, raw, typed, external }: OnnxTensor, writer: PbfWriter): void {
  for (const each of dims) writer.writeVarintField(1, each);
  writer.writeVarintField(2, dataType);
  if (typed !== undefined) writeTyped(typed, writer);
  writer.writeStringField(8, name);
  if (raw !== undefined) writer.writeBytesField(9, raw);
  if (external === true) writer.writeVarintField(14, 1);
}

function writeTyped({ field, values, packed = true }: NonNullable<OnnxTensor["typed"]>, writer: PbfWriter): void {
  const list = [...values];
  const isFloat = field === 4;
  const isDouble = field === 10;
  if (packed) {
    if (isFloat) writer.writePackedFloat(field, list);
    else if (isDouble) writer.writePackedDouble(field, list);
    else writer.writePackedVarint(field, list);
    return;
  }
  for (const each of list) {
    if (isFloat) writer.writeFloatField(field, each);
    else if (isDouble) writer.writeDoubleField(field, each);
    else writer.writeVarintField(field, each);
  }
}

function writeValue({ name, dataType, shape, isMap = false }: OnnxValue, writer: PbfWriter): void {
  writer.writeStringField(1, name);
  writer.writeMessage(
    2,
    (_: unknown, type) => {
      if (isMap) type.writeMessage(4, writeSequence, undefined);
      else type.writeMessage(1, writeTensorType, { dataType, shape });
    },
    undefined,
  );
}

/** sequence(map(int64, tensor(float))) */
function writeSequence(_: unknown, sequence: PbfWriter): void {
  sequence.writeMessage(
    1,
    (_none: unknown, element) =>
      element.writeMessage(
        5,
        (_ignored: unknown, map) => {
          map.writeVarintField(1, INT64);
          map.writeMessage(
            2,
            (_type: unknown, type) => type.writeMessage(1, writeTensorType, { dataType: FLOAT, shape: undefined }),
            undefined,
          );
        },
        undefined,
      ),
    undefined,
  );
}

function writeTensorType(
  { dataType, shape }: { dataType: number; shape: OnnxValue["shape"] | undefined },
  writer: PbfWriter,
): void {
  writer.writeVarintField(1, dataType);
  if (shape === undefined) return;
  writer.writeMessage(
    2,
    (_: unknown, dims) => {
      for (const size of shape) {
        dims.writeMessage(
          1,
          (_none: unknown, dim) => {
            if (typeof size === "number") dim.writeVarintField(1, size);
            else if (size !== null) dim.writeStringField(2, size);
          },
          undefined,
        );
      }
    },
    undefined,
  );
}
