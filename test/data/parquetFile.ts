import { gzipSync } from "node:zlib";

/**
 * A small writer of Apache Parquet files, after the format's specification (parquet.thrift, Thrift's compact protocol): flat
 * optional columns, plain encoding, one data page a column and row group.
 */

export interface ParquetColumn {
  readonly name: string;
  readonly type: keyof typeof PHYSICAL_TYPES;
  readonly values: readonly (number | bigint | boolean | string | null)[];
}

const PHYSICAL_TYPES = { boolean: 0, int64: 2, double: 5, string: 6 } as const;
const UTF8 = 0;
const OPTIONAL = 1;
const PLAIN = 0;
const RLE = 3;
const CODECS = { none: 0, gzip: 2 } as const;
const MAGIC = Buffer.from("PAR1");

export function parquetFile(
  columns: readonly ParquetColumn[],
  rowGroup = 1000,
  codec: keyof typeof CODECS = "none",
): Buffer {
  const rows = columns[0]?.values.length ?? 0;
  const parts: Buffer[] = [MAGIC];
  const groups: Buffer[] = [];
  for (let from = 0; from < rows; from += rowGroup) {
    const count = Math.min(rowGroup, rows - from);
    const chunks = columns.map((column) => {
      const offset = parts.reduce((sum, { length }) => sum + length, 0);
      const page = dataPage(column.type, column.values.slice(from, from + count), codec);
      parts.push(page);
      return struct([2, i64(offset)], [3, columnMetadata(column, count, offset, page.length, codec)]);
    });
    groups.push(struct([1, list(chunks, STRUCT)], [2, i64(0)], [3, i64(count)]));
  }
  const root = struct([4, text("schema")], [5, i32(columns.length)]);
  const footer = struct(
    [1, i32(1)],
    [2, list([root, ...columns.map(schemaElement)], STRUCT)],
    [3, i64(rows)],
    [4, list(groups, STRUCT)],
  );
  const length = Buffer.alloc(4);
  length.writeUInt32LE(footer.length);
  return Buffer.concat([...parts, footer, length, MAGIC]);
}

function schemaElement({ name, type }: ParquetColumn): Buffer {
  const isText: [number, Field][] = type === "string" ? [[6, i32(UTF8)]] : [];
  return struct([1, i32(PHYSICAL_TYPES[type])], [3, i32(OPTIONAL)], [4, text(name)], ...isText);
}

function columnMetadata(
  column: ParquetColumn,
  count: number,
  offset: number,
  bytes: number,
  codec: keyof typeof CODECS,
): Field {
  const fields = struct(
    [1, i32(PHYSICAL_TYPES[column.type])],
    [2, list([i32(PLAIN).bytes, i32(RLE).bytes], I32)],
    [3, list([text(column.name).bytes], BINARY)],
    [4, i32(CODECS[codec])],
    [5, i64(count)],
    [6, i64(bytes)],
    [7, i64(bytes)],
    [9, i64(offset)],
  );
  return { type: STRUCT, bytes: fields };
}

function dataPage(type: ParquetColumn["type"], values: ParquetColumn["values"], codec: keyof typeof CODECS): Buffer {
  const present = values.filter((value) => value !== null);
  const plain =
    type === "boolean" ? bits(present.map(Boolean)) : Buffer.concat(present.map((value) => plainValue(type, value)));
  const body = Buffer.concat([definitionLevels(values.map((value) => value !== null)), plain]);
  const stored = codec === "gzip" ? gzipSync(body) : body;
  const dataHeader = struct([1, i32(values.length)], [2, i32(PLAIN)], [3, i32(RLE)], [4, i32(RLE)]);
  const header = struct(
    [1, i32(0)],
    [2, i32(body.length)],
    [3, i32(stored.length)],
    [5, { type: STRUCT, bytes: dataHeader }],
  );
  return Buffer.concat([header, stored]);
}

function plainValue(type: ParquetColumn["type"], value: number | bigint | boolean | string): Buffer {
  if (type === "double") return Buffer.from(Float64Array.of(Number(value)).buffer);
  if (type === "int64") return Buffer.from(BigInt64Array.of(BigInt(value)).buffer);
  const bytes = Buffer.from(String(value));
  return Buffer.concat([Buffer.from(Uint32Array.of(bytes.length).buffer), bytes]);
}

/** Whether each value is there: one bit-packed run of the RLE hybrid, its length before it. */
function definitionLevels(present: readonly boolean[]): Buffer {
  const packed = bits(present);
  const run = Buffer.concat([varint(BigInt((packed.length << 1) | 1)), packed]);
  return Buffer.concat([Buffer.from(Uint32Array.of(run.length).buffer), run]);
}

function bits(values: readonly boolean[]): Buffer {
  const bytes = Buffer.alloc(Math.ceil(values.length / 8));
  values.forEach((value, i) => (bytes[i >> 3]! |= Number(value) << (i & 7)));
  return bytes;
}

/** A value in Thrift's compact protocol. */
interface Field {
  readonly type: number;
  readonly bytes: Buffer;
}

const [I32, I64, BINARY, LIST, STRUCT] = [5, 6, 8, 9, 12] as const;

function struct(...fields: readonly [number, Field][]): Buffer {
  const parts = fields.flatMap(([id, { type, bytes }], i) => [
    Buffer.of(((id - (fields[i - 1]?.[0] ?? 0)) << 4) | type),
    bytes,
  ]);
  return Buffer.concat([...parts, Buffer.of(0)]);
}

function list(items: readonly Buffer[], type: number): Field {
  const header =
    items.length < 15
      ? Buffer.of((items.length << 4) | type)
      : Buffer.concat([Buffer.of(0xf0 | type), varint(BigInt(items.length))]);
  return { type: LIST, bytes: Buffer.concat([header, ...items]) };
}

function text(value: string): Field {
  const bytes = Buffer.from(value);
  return { type: BINARY, bytes: Buffer.concat([varint(BigInt(bytes.length)), bytes]) };
}

const i32 = (value: number): Field => ({ type: I32, bytes: varint(BigInt(value) << 1n) });
const i64 = (value: number): Field => ({ type: I64, bytes: varint(BigInt(value) << 1n) });

/** Of a number that is not negative. */
function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  for (; value >= 0x80n; value >>= 7n) bytes.push(Number(value & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(value)]);
}
