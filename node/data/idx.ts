import { existsSync } from "node:fs";
import { join } from "node:path";
import { PacelineError } from "../core/errors.ts";
import { badData } from "./fault.ts";
import { readWholeFile } from "./files/wholeFile.ts";
import type { Picture, Pictures } from "./images/pictures.ts";

/**
 * The IDX format of MNIST and its kin (yann.lecun.com/exdb/mnist): a big-endian header of magic number and sizes, then bytes.
 * Files may be gzipped.
 */

const IMAGES_MAGIC = 0x00000803;
const LABELS_MAGIC = 0x00000801;
/** Largest file, unpacked; a quarter of what its pixels take as float32. */
const MAX_BYTES = 2 ** 28;

/** The two parts of a folder, as MNIST's files are named. */
export type IdxPart = "train" | "t10k";

/**
 * `PART-images-idx3-ubyte` and `PART-labels-idx1-ubyte` of a folder, each with or without `.gz`.
 * @throws PacelineError `not-found` where a file is missing, `bad-input` where one is malformed
 */
export function openIdxFolder(folder: string, part: IdxPart): Pictures {
  return openIdx(findFile(folder, `${part}-images-idx3-ubyte`), findFile(folder, `${part}-labels-idx1-ubyte`));
}

/**
 * Grey pictures; as many classes as the largest label asks for, called by their numbers.
 * @throws PacelineError `not-found`, or `bad-input` naming the file and what is wrong with it
 */
export function openIdx(imagesFile: string, labelsFile: string): Pictures {
  const images = readIdx(imagesFile, IMAGES_MAGIC, 3);
  const labels = readIdx(labelsFile, LABELS_MAGIC, 1).values;
  const [count, height, width] = images.sizes as [number, number, number];
  if (labels.length !== count)
    throw badFile(labelsFile, `${labels.length} labels for the ${count} images of ${imagesFile}`);
  if (count === 0 || height * width === 0) throw badFile(imagesFile, "there are no images in it");
  const classes = Math.max(2, 1 + labels.reduce((a, b) => Math.max(a, b), 0));
  const pixels = (i: number): Uint8Array => images.values.subarray(i * height * width, (i + 1) * height * width);
  return {
    source: imagesFile,
    count,
    classNames: Array.from({ length: classes }, (_, label) => `${label}`),
    *[Symbol.iterator](): Generator<Picture> {
      for (let i = 0; i < count; i++) {
        const raster = { height, width, channels: 1, maximum: 255, values: pixels(i) } as const;
        yield { label: labels[i] as number, raster, place: { file: labelsFile, row: i + 1 } };
      }
    },
  };
}

interface IdxArray {
  readonly sizes: readonly number[];
  readonly values: Uint8Array;
}

function readIdx(file: string, magic: number, dimensions: number): IdxArray {
  const bytes = readWholeFile(file, MAX_BYTES);
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

function findFile(folder: string, name: string): string {
  const candidates = [join(folder, name), join(folder, `${name}.gz`)];
  const found = candidates.find((file) => existsSync(file));
  if (found === undefined)
    throw new PacelineError("not-found", `${folder} has neither ${name} nor ${name}.gz`, { folder });
  return found;
}

function badFile(file: string, what: string): PacelineError {
  return badData({ file }, `not a usable IDX file: ${what}`);
}

function hexWord(value: number): string {
  return `0x${value.toString(16).padStart(8, "0")}`;
}
