import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { PacelineError, messageOf } from "../core/errors.ts";
import type { Dataset } from "./dataset.ts";

/**
 * The IDX format of MNIST and its kin (yann.lecun.com/exdb/mnist): a big-endian header of magic number and sizes, then bytes.
 * Files may be gzipped.
 */

const IMAGES_MAGIC = 0x00000803;
const LABELS_MAGIC = 0x00000801;
/** Largest file, unpacked; a quarter of what its pixels take as float32. */
const MAX_BYTES = 2 ** 28;

export interface IdxFolder {
  readonly train: Dataset;
  readonly test: Dataset;
}

/**
 * Reads `train-images-idx3-ubyte`, `train-labels-idx1-ubyte` and the two `t10k-` files of a folder, each with or without `.gz`.
 * @throws PacelineError `not-found` where a file is missing, `bad-input` where one is malformed
 */
export function loadIdxFolder(folder: string): IdxFolder {
  const load = (part: string): Dataset =>
    loadIdx(findFile(folder, `${part}-images-idx3-ubyte`), findFile(folder, `${part}-labels-idx1-ubyte`));
  const [train, test] = [load("train"), load("t10k")];
  if (train.width !== test.width)
    throw badFile(folder, `training images have ${train.width} pixels, test images ${test.width}`);
  const classes = Math.max(train.classes, test.classes);
  return { train: { ...train, classes }, test: { ...test, classes } };
}

/**
 * @returns pixels divided by 255, row by row; as many classes as the largest label asks for, at least 2
 * @throws PacelineError `not-found`, or `bad-input` naming the file and what is wrong with it
 */
export function loadIdx(imagesFile: string, labelsFile: string): Dataset {
  const images = readIdx(imagesFile, IMAGES_MAGIC, 3);
  const labels = readIdx(labelsFile, LABELS_MAGIC, 1);
  const [count, rows, columns] = images.sizes as [number, number, number];
  if (labels.sizes[0] !== count)
    throw badFile(labelsFile, `${labels.sizes[0]} labels for the ${count} images of ${imagesFile}`);
  if (count === 0 || rows * columns === 0) throw badFile(imagesFile, "there are no images in it");
  const classes = Math.max(2, 1 + labels.values.reduce((a, b) => Math.max(a, b), 0));
  return {
    count,
    width: rows * columns,
    classes,
    features: grey(images.values),
    labels: new Int32Array(labels.values),
  };
}

function grey(pixels: Uint8Array): Float32Array {
  const values = new Float32Array(pixels.length);
  for (let i = 0; i < pixels.length; i++) values[i] = (pixels[i] as number) / 255;
  return values;
}

interface IdxArray {
  readonly sizes: readonly number[];
  readonly values: Uint8Array;
}

function readIdx(file: string, magic: number, dimensions: number): IdxArray {
  const bytes = readBytes(file);
  const headerBytes = 4 + 4 * dimensions;
  if (bytes.length < headerBytes)
    throw badFile(file, `${bytes.length} bytes are less than the header of ${headerBytes}`);
  const found = bytes.readUInt32BE(0);
  if (found !== magic) throw badFile(file, `magic number ${hexWord(found)}, expected ${hexWord(magic)}`);
  const sizes = Array.from({ length: dimensions }, (_, i) => bytes.readUInt32BE(4 + 4 * i));
  const expected = headerBytes + sizes.reduce((product, size) => product * size, 1);
  if (bytes.length !== expected)
    throw badFile(file, `${bytes.length} bytes, but its header (${sizes.join(" × ")}) asks for ${expected}`);
  return { sizes, values: bytes.subarray(headerBytes) };
}

function readBytes(file: string): Buffer {
  if (!existsSync(file)) throw new PacelineError("not-found", `there is no file ${file}`, { file });
  if (statSync(file).size > MAX_BYTES) throw badFile(file, `larger than ${MAX_BYTES} bytes`);
  const bytes = readFileSync(file);
  if (!file.endsWith(".gz")) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_BYTES });
  } catch (error) {
    throw badFile(file, `not a gzip file of at most ${MAX_BYTES} bytes: ${messageOf(error)}`, error);
  }
}

function findFile(folder: string, name: string): string {
  const candidates = [join(folder, name), join(folder, `${name}.gz`)];
  const found = candidates.find((file) => existsSync(file));
  if (found === undefined)
    throw new PacelineError("not-found", `${folder} has neither ${name} nor ${name}.gz`, { folder });
  return found;
}

function badFile(file: string, what: string, cause?: unknown): PacelineError {
  return new PacelineError("bad-input", `${file} is not a usable IDX file: ${what}`, { file }, cause);
}

function hexWord(value: number): string {
  return `0x${value.toString(16).padStart(8, "0")}`;
}
