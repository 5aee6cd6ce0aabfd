import { PacelineError } from "../../core/errors.ts";
import { elementCount } from "../models/model.ts";

/**
 * The safetensors format (huggingface/safetensors, README "Format"): the header's length as 8 bytes, little-endian; a JSON header that says
 * of each tensor its type, shape and place; then the tensors' bytes without gaps. Only float32 here, which is all that params are.
 */

export interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** Row-major. */
  readonly values: Float32Array;
}

export interface Safetensors {
  readonly tensors: readonly NamedTensor[];
  readonly metadata: Readonly<Record<string, string>>;
}

const METADATA = "__metadata__";
const LENGTH_BYTES = 8;
/** Of the header, as the reference implementation has it. */
const MAX_HEADER = 100_000_000;

/** The header is padded with spaces, so that the tensors are aligned. */
export function writeSafetensors({ tensors, metadata }: Safetensors): Uint8Array {
  // without a prototype, "__proto__" is a name like any other
  const header = Object.create(null) as Record<string, unknown>;
  header[METADATA] = metadata;
  let offset = 0;
  for (const { name, shape, values } of tensors) {
    if (name === METADATA || Object.hasOwn(header, name))
      throw new PacelineError("bad-argument", `two tensors have the name ${name}`);
    header[name] = { dtype: "F32", shape, data_offsets: [offset, (offset += values.byteLength)] };
  }
  const text = JSON.stringify(header);
  const json = new TextEncoder().encode(text);
  const padded = Math.ceil(json.length / LENGTH_BYTES) * LENGTH_BYTES;
  const file = new Uint8Array(LENGTH_BYTES + padded + offset);
  new DataView(file.buffer).setBigUint64(0, BigInt(padded), true);
  file.fill(0x20, LENGTH_BYTES, LENGTH_BYTES + padded);
  file.set(json, LENGTH_BYTES);
  let at = LENGTH_BYTES + padded;
  for (const { values } of tensors) {
    file.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    at += values.byteLength;
  }
  return file;
}

/** @throws PacelineError `bad-input` where the file is damaged, `unsupported` for another type than float32 */
export function readSafetensors(file: Uint8Array): Safetensors {
  const { header, data } = readHeader(file);
  const metadata: Record<string, string> = {};
  const places: Place[] = [];
  for (const [name, entry] of Object.entries(header)) {
    if (name === METADATA) Object.assign(metadata, textsOf(entry));
    else places.push(placeOf(name, entry));
  }
  places.sort((a, b) => a.from - b.from || a.to - b.to);
  let end = 0;
  for (const { name, from, to } of places) {
    if (from !== end) throw damaged(`the tensor "${name}" does not begin where the one before it ends`);
    end = to;
  }
  if (end !== data.length) throw damaged(`its tensors take ${end} bytes, it has ${data.length}`);
  return { tensors: places.map((place) => tensorOf(place, data)), metadata };
}

function damaged(why: string, cause?: unknown): PacelineError {
  return new PacelineError("bad-input", `the safetensors file is damaged: ${why}`, {}, cause);
}

function readHeader(file: Uint8Array): { readonly header: Record<string, unknown>; readonly data: Uint8Array } {
  if (file.length < LENGTH_BYTES) throw damaged("it has no header");
  const length = new DataView(file.buffer, file.byteOffset, file.byteLength).getBigUint64(0, true);
  if (length > MAX_HEADER || LENGTH_BYTES + Number(length) > file.length) throw damaged("its header is cut short");
  const end = LENGTH_BYTES + Number(length);
  const header = parse(file.subarray(LENGTH_BYTES, end));
  if (typeof header !== "object" || header === null || Array.isArray(header)) throw damaged("its header is no object");
  return { header: header as Record<string, unknown>, data: file.subarray(end) };
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw damaged("its header is no JSON", error);
  }
}

function textsOf(entry: unknown): Record<string, string> {
  const texts = typeof entry === "object" && entry !== null ? Object.entries(entry) : undefined;
  if (texts?.every(([, text]) => typeof text === "string") !== true) throw damaged("its metadata are not all texts");
  return entry as Record<string, string>;
}

interface Place {
  readonly name: string;
  readonly shape: readonly number[];
  readonly from: number;
  readonly to: number;
}

function placeOf(name: string, entry: unknown): Place {
  const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>;
  if (typeof dtype === "string" && dtype !== "F32")
    throw new PacelineError("unsupported", `the tensor "${name}" is of type ${dtype}; only F32 is supported`);
  if (dtype !== "F32" || !isSizes(shape) || !isSizes(offsets) || offsets.length !== 2)
    throw damaged(`the tensor "${name}" has no type, shape or place`);
  const [from, to] = offsets as [number, number];
  if (to - from !== 4 * elementCount(shape))
    throw damaged(`the tensor "${name}" of shape [${shape.join(", ")}] has ${to - from} bytes`);
  return { name, shape, from, to };
}

function isSizes(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function tensorOf({ name, shape, from, to }: Place, data: Uint8Array): NamedTensor {
  return { name, shape, values: new Float32Array(new Uint8Array(data.subarray(from, to)).buffer) };
}
