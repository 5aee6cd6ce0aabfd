import { crc32, inflateSync } from "node:zlib";
import { convertIndexedToRgb, decode, type DecodedPng } from "fast-png";
import { messageOf } from "../../core/errors.ts";
import { badData } from "../fault.ts";
import { MAX_PIXELS, MAX_SIDE } from "../contract/images.ts";
import { isTooLarge, type Raster } from "./raster.ts";

/**
 * PNG (W3C Recommendation, third edition), by fast-png. What a participant's folder holds is not to be trusted: only the chunks that make
 * the picture are decoded, after their checksums, and after the data was seen to unpack to what the header asks for.
 */

const SIGNATURE = Buffer.from("89504e470d0a1a0a", "hex");
/** Those that say what the pixels are. Others, such as a colour profile, may hide a packed stream without a bound. */
const PICTURE_CHUNKS = ["IHDR", "PLTE", "tRNS", "IDAT", "IEND"];
/** Some encoders leave a few bytes behind the last row. */
const SLACK = 2 ** 16;

export function isPng(bytes: Buffer): boolean {
  return bytes.subarray(0, SIGNATURE.length).equals(SIGNATURE);
}

/**
 * Grey, coloured, with a palette or transparent, of 1 to 16 bits, interlaced from 8 bits on. What is transparent shows white.
 * @throws PacelineError `bad-input` naming the file
 */
export function decodePng(bytes: Buffer, file: string): Raster {
  const chunks = readChunks(bytes, file);
  const header = readHeader(chunks, file);
  checkUnpackedSize(chunks, header, file);
  let png: DecodedPng;
  try {
    png = decode(Buffer.concat([SIGNATURE, ...chunks.map(({ whole }) => whole)]));
    return toRaster(png, header);
  } catch (error) {
    throw badData({ file }, `not a PNG picture that can be read: ${messageOf(error)}`, error);
  }
}

interface Chunk {
  readonly name: string;
  readonly data: Buffer;
  /** With length, name and checksum. */
  readonly whole: Buffer;
}

function readChunks(bytes: Buffer, file: string): readonly Chunk[] {
  const chunks: Chunk[] = [];
  for (let at = SIGNATURE.length; chunks.at(-1)?.name !== "IEND";) {
    const length = at + 12 <= bytes.length ? bytes.readUInt32BE(at) : Infinity;
    if (at + 12 + length > bytes.length) throw badData({ file }, `it ends too early, after ${bytes.length} bytes`);
    const named = bytes.subarray(at + 4, at + 8 + length);
    const name = named.toString("latin1", 0, 4);
    if (crc32(named) !== bytes.readUInt32BE(at + 8 + length))
      throw badData({ file }, `it is damaged: the checksum of its part ${JSON.stringify(name)} is wrong`);
    if (PICTURE_CHUNKS.includes(name))
      chunks.push({ name, data: named.subarray(4), whole: bytes.subarray(at, at + 12 + length) });
    at += 12 + length;
  }
  return chunks;
}

interface Header {
  readonly width: number;
  readonly height: number;
  /** Bits a sample. */
  readonly depth: number;
  readonly colour: keyof typeof COLOURS;
  readonly interlaced: boolean;
}

/** Samples a pixel and possible depths, by the header's colour type. */
const COLOURS = {
  0: { samples: 1, depths: [1, 2, 4, 8, 16] },
  2: { samples: 3, depths: [8, 16] },
  3: { samples: 1, depths: [1, 2, 4, 8] },
  4: { samples: 2, depths: [8, 16] },
  6: { samples: 4, depths: [8, 16] },
} as const;

const PALETTE = 3;

function readHeader(chunks: readonly Chunk[], file: string): Header {
  const [first] = chunks;
  if (first?.name !== "IHDR" || first.data.length !== 13 || chunks.filter(({ name }) => name === "IHDR").length > 1)
    throw badData({ file }, "a PNG picture has one header, at its beginning");
  const [width, height] = [first.data.readUInt32BE(0), first.data.readUInt32BE(4)];
  const [depth, colour, , , interlace] = first.data.subarray(8) as unknown as [number, number, number, number, number];
  if (width === 0 || height === 0) throw badData({ file }, `a picture of ${width} × ${height} pixels`);
  if (isTooLarge(height, width))
    throw badData({ file }, `${width} × ${height} pixels are too many; at most ${MAX_PIXELS}, ${MAX_SIDE} a side`);
  if (!isColour(colour) || !(COLOURS[colour].depths as readonly number[]).includes(depth))
    throw badData({ file }, `colour type ${colour} with ${depth} bits is no PNG`);
  if (interlace !== 0 && depth < 8)
    throw badData({ file }, `interlaced with ${depth} bits, which is not supported; save it without interlacing`);
  return { width, height, depth, colour, interlaced: interlace !== 0 };
}

function isColour(colour: number): colour is keyof typeof COLOURS {
  return colour in COLOURS;
}

function checkUnpackedSize(chunks: readonly Chunk[], header: Header, file: string): void {
  const packed = Buffer.concat(chunks.filter(({ name }) => name === "IDAT").map(({ data }) => data));
  const least = unpackedSize(header);
  let size: number;
  try {
    size = inflateSync(packed, { maxOutputLength: least + SLACK }).length;
  } catch (error) {
    throw badData({ file }, `its pixels do not unpack to the ${least} bytes of its size: ${messageOf(error)}`, error);
  }
  if (size < least) throw badData({ file }, `its pixels unpack to ${size} bytes, less than the ${least} of its size`);
}

/** Bytes of all rows, each with its filter; those of the seven passes where interlaced (section 8.2). */
function unpackedSize({ width, height, depth, colour, interlaced }: Header): number {
  const rows = (columns: number, lines: number): number =>
    columns === 0 ? 0 : lines * (1 + Math.ceil((columns * depth * COLOURS[colour].samples) / 8));
  if (!interlaced) return rows(width, height);
  const passes = [
    [0, 0, 8, 8],
    [4, 0, 8, 8],
    [0, 4, 4, 8],
    [2, 0, 4, 4],
    [0, 2, 2, 4],
    [1, 0, 2, 2],
    [0, 1, 1, 2],
  ] as const;
  return passes.reduce(
    (sum, [x, y, xStep, yStep]) =>
      sum + rows(Math.max(0, Math.ceil((width - x) / xStep)), Math.max(0, Math.ceil((height - y) / yStep))),
    0,
  );
}

function toRaster(png: DecodedPng, { width, height, depth, colour }: Header): Raster {
  const size = { width, height };
  if (colour === PALETTE) {
    const palette = png.palette ?? [];
    const values = convertIndexedToRgb(png);
    return {
      ...size,
      channels: 3,
      maximum: 255,
      values: (palette[0]?.length ?? 3) === 4 ? overWhite(values, 4, 255) : values,
    };
  }
  const maximum = depth === 16 ? 65535 : 255;
  const values = depth < 8 ? unpackGrey(png, depth) : (png.data as Uint8Array | Uint16Array);
  const { samples } = COLOURS[colour];
  const channels = samples < 3 ? 1 : 3;
  if (samples % 2 === 0) return { ...size, channels, maximum, values: overWhite(values, samples, maximum) };
  return { ...size, channels, maximum, values: whereKeyed(values, channels, png.transparency, depth) };
}

/** Grey of 1, 2 or 4 bits, spread over 0 … 255. */
function unpackGrey({ data, width, height }: DecodedPng, depth: number): Uint8Array {
  const values = new Uint8Array(width * height);
  const bytesPerRow = Math.ceil((width * depth) / 8);
  const brightest = 2 ** depth - 1;
  for (let i = 0; i < values.length; i++) {
    const bit = (i % width) * depth;
    const byte = data[Math.floor(i / width) * bytesPerRow + (bit >> 3)] as number;
    values[i] = (((byte >> (8 - depth - (bit & 7))) & brightest) * 255) / brightest;
  }
  return values;
}

/** Colours laid over white by the last sample of each pixel, their opacity. */
function overWhite<T extends Uint8Array | Uint16Array>(values: T, samples: number, maximum: number): T {
  const colours = samples - 1;
  const blended = values.slice(0, (values.length / samples) * colours) as T;
  for (let i = 0; i < blended.length; i++) {
    const pixel = Math.floor(i / colours);
    const opacity = (values[pixel * samples + colours] as number) / maximum;
    const colour = values[pixel * samples + (i % colours)] as number;
    blended[i] = Math.round(maximum + opacity * (colour - maximum));
  }
  return blended;
}

/** White where a pixel has the one colour that a tRNS chunk says is transparent. */
function whereKeyed<T extends Uint8Array | Uint16Array>(
  values: T,
  channels: number,
  key: Uint16Array | undefined,
  depth: number,
): T {
  if (key?.length !== channels) return values;
  const scale = depth < 8 ? 255 / (2 ** depth - 1) : 1;
  const white = depth === 16 ? 65535 : 255;
  const shown = values.slice() as T;
  for (let i = 0; i < values.length; i += channels)
    if (key.every((sample, channel) => values[i + channel] === sample * scale)) shown.fill(white, i, i + channels);
  return shown;
}
