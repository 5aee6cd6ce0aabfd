import { closeSync, openSync, readSync } from "node:fs";
import { badData } from "../fault.ts";
import { fileBytes, fromDisk } from "../files/wholeFile.ts";
import { NPY_HEADER_BYTES, type NpyHeader, type NpyType, parseNpyHeader } from "./header.ts";

/** An array of an NPY file. */
export interface NpyArray {
  readonly shape: readonly number[];
  /** Row-major; Float32Array where the file has floats, Int32Array where it has integers or booleans. */
  readonly values: Float32Array | Int32Array;
}

/** A quarter of the gigabyte that one array may take. */
const MAX_VALUES = 2 ** 28;
const CHUNK_VALUES = 2 ** 16;

/**
 * Reads an NPY file in pieces, so that what it takes is the array and little more. Fortran order is turned into row-major.
 * @throws PacelineError `not-found`; `bad-input` where the file is malformed, truncated, longer than its header says or too
 * large, or where a value is not finite or does not fit float32 or int32 (the message gives its index)
 */
export function readNpy(file: string): NpyArray {
  const size = fileBytes(file);
  const handle = fromDisk(file, () => openSync(file, "r"));
  try {
    const header = parseNpyHeader(readPiece(handle, 0, Math.min(size, NPY_HEADER_BYTES), file), file);
    checkSize(header, size, file);
    const values = readValues(handle, header, file);
    return { shape: header.shape, values: header.fortranOrder ? fromFortran(values, header.shape) : values };
  } finally {
    closeSync(handle);
  }
}

function checkSize({ shape, type, offset }: NpyHeader, size: number, file: string): void {
  const count = countOf(shape);
  if (count > MAX_VALUES) throw badData({ file }, `its shape (${shape.join(", ")}) is more than ${MAX_VALUES} values`);
  const expected = offset + count * bytesOf(type);
  if (size !== expected)
    throw badData({ file }, `${size} bytes, but its header (${type}, shape ${shape.join(" × ")}) asks for ${expected}`);
}

function readValues(handle: number, header: NpyHeader, file: string): Float32Array | Int32Array {
  const { type, littleEndian, offset, shape } = header;
  const count = countOf(shape);
  const values = type.startsWith("f") ? new Float32Array(count) : new Int32Array(count);
  for (let from = 0; from < count; from += CHUNK_VALUES) {
    const length = Math.min(CHUNK_VALUES, count - from) * bytesOf(type);
    const bytes = readPiece(handle, offset + from * bytesOf(type), length, file);
    const view = new DataView(bytes.buffer, bytes.byteOffset, length);
    const read = READERS[type];
    for (let i = 0; i * bytesOf(type) < length; i++) {
      const value = read(view, i * bytesOf(type), littleEndian);
      values[from + i] = value;
      if (values instanceof Int32Array ? values[from + i] !== value : !Number.isFinite(values[from + i]))
        throw badData({ file }, `value ${from + i} (counted from 0) is ${value}, ${unfit(values)}`);
    }
  }
  return values;
}

function unfit(values: Float32Array | Int32Array): string {
  return values instanceof Int32Array ? "which does not fit 32 bits" : "not a finite float32 number";
}

function readPiece(handle: number, from: number, length: number, file: string): Buffer {
  const bytes = Buffer.alloc(length);
  for (let done = 0; done < length;) {
    const read = fromDisk(file, () => readSync(handle, bytes, done, length - done, from + done));
    if (read === 0) throw badData({ file }, "it became shorter while it was read");
    done += read;
  }
  return bytes;
}

const READERS: Readonly<Record<NpyType, (view: DataView, at: number, littleEndian: boolean) => number>> = {
  f4: (view, at, littleEndian) => view.getFloat32(at, littleEndian),
  f8: (view, at, littleEndian) => view.getFloat64(at, littleEndian),
  i1: (view, at) => view.getInt8(at),
  i2: (view, at, littleEndian) => view.getInt16(at, littleEndian),
  i4: (view, at, littleEndian) => view.getInt32(at, littleEndian),
  i8: (view, at, littleEndian) => Number(view.getBigInt64(at, littleEndian)),
  u1: (view, at) => view.getUint8(at),
  u2: (view, at, littleEndian) => view.getUint16(at, littleEndian),
  u4: (view, at, littleEndian) => view.getUint32(at, littleEndian),
  u8: (view, at, littleEndian) => Number(view.getBigUint64(at, littleEndian)),
  b1: (view, at) => (view.getUint8(at) === 0 ? 0 : 1),
};

function bytesOf(type: NpyType): number {
  return Number(type.slice(1));
}

function countOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Row-major from column-major: walks the rows in order, with the place of each in the other order beside it. */
function fromFortran(values: Float32Array | Int32Array, shape: readonly number[]): Float32Array | Int32Array {
  const turned = values.slice();
  const index = shape.map(() => 0);
  let strides = 1;
  const stride = shape.map((size) => (strides *= size) / size);
  let from = 0;
  for (let to = 0; to < values.length; to++) {
    turned[to] = values[from] as number;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += stride[axis] as number;
      if (++(index[axis] as number) < (shape[axis] as number)) break;
      from -= (stride[axis] as number) * (shape[axis] as number);
      index[axis] = 0;
    }
  }
  return turned;
}
