import { badData } from "../fault.ts";

/**
 * The header of NumPy's NPY format, versions 1 to 3 (NEP 1; numpy.lib.format): the magic `\x93NUMPY`, two bytes of version, the
 * header's length (2 bytes in version 1, else 4, little-endian), then a Python dictionary of descr, fortran_order and shape.
 */
export interface NpyHeader {
  readonly type: NpyType;
  readonly littleEndian: boolean;
  /** Whether the first index runs fastest. */
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
  /** Where the values begin. */
  readonly offset: number;
}

/** NumPy's kind and bytes: f float, i signed, u unsigned, b1 a boolean. */
export type NpyType = (typeof NPY_TYPES)[number];

const NPY_TYPES = ["f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"] as const;

const MAGIC = "\x93NUMPY";
/** NumPy too reads none longer by default. */
const MAX_HEADER = 10_000;
/** Bytes that hold every header that is accepted. */
export const NPY_HEADER_BYTES = 12 + MAX_HEADER;

const MAX_DIMENSIONS = 32;

/**
 * @param bytes the first `NPY_HEADER_BYTES` of the file, or all of it where it is shorter
 * @throws PacelineError `bad-input`
 */
export function parseNpyHeader(bytes: Buffer, file: string): NpyHeader {
  if (bytes.toString("latin1", 0, MAGIC.length) !== MAGIC)
    throw badData({ file }, "it does not begin as an NPY file does; write it with numpy.save");
  const { start, length } = headerPlace(bytes, file);
  if (length > MAX_HEADER)
    throw badData({ file }, `its header is said to have ${length} bytes, more than ${MAX_HEADER}`);
  if (start + length > bytes.length)
    throw badData({ file }, `it ends in its header: ${bytes.length} bytes of ${start + length}`);
  const text = bytes.toString("latin1", start, start + length);
  const { littleEndian, type } = readDescr(text, file);
  return {
    type,
    littleEndian,
    fortranOrder: readOrder(text, file),
    shape: readShape(text, file),
    offset: start + length,
  };
}

function headerPlace(bytes: Buffer, file: string): { start: number; length: number } {
  const version = bytes[6] ?? 0;
  if (version < 1 || version > 3)
    throw badData({ file }, `version ${version} of the NPY format is unknown; 1 to 3 are read`);
  const start = version === 1 ? 10 : 12;
  if (bytes.length < start) throw badData({ file }, `it ends after ${bytes.length} bytes, in its header`);
  return { start, length: version === 1 ? bytes.readUInt16LE(8) : bytes.readUInt32LE(8) };
}

function readDescr(text: string, file: string): { littleEndian: boolean; type: NpyType } {
  const descr = /'descr'\s*:\s*('[^']*'|\[)/.exec(text)?.[1];
  const [, order, name] = /^'([<>|=])(\w+)'$/.exec(descr ?? "") ?? [];
  const type = NPY_TYPES.find((known) => known === name);
  if (type === undefined) {
    const found = descr === undefined ? "none" : descr === "[" ? "a structured type" : descr;
    throw badData({ file }, `its values are of type ${found}; convert them to one of ${NPY_TYPES.join(", ")} (astype)`);
  }
  return { littleEndian: order !== ">", type };
}

function readOrder(text: string, file: string): boolean {
  const order = /'fortran_order'\s*:\s*(True|False)\b/.exec(text)?.[1];
  if (order === undefined) throw badData({ file }, "its header does not say fortran_order");
  return order === "True";
}

function readShape(text: string, file: string): readonly number[] {
  const inside = /'shape'\s*:\s*\(([\d\s,L]*)\)/.exec(text)?.[1];
  if (inside === undefined) throw badData({ file }, "its header does not say its shape");
  const sizes = inside.split(",").map((size) => size.trim());
  if (sizes.at(-1) === "") sizes.pop();
  const shape = sizes.map((size) => (/^\d{1,15}L?$/.test(size) ? Number.parseInt(size, 10) : -1));
  if (shape.includes(-1) || shape.length > MAX_DIMENSIONS)
    throw badData({ file }, `its shape (${inside.trim()}) is no shape`);
  return shape;
}
