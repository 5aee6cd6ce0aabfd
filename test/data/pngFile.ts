import { crc32, deflateSync } from "node:zlib";

/** A chunk of a PNG file, with its length and checksum. */
export function pngChunk(name: string, data: Uint8Array): Buffer {
  const named = Buffer.concat([Buffer.from(name), data]);
  const framed = Buffer.alloc(named.length + 8);
  framed.writeUInt32BE(data.length, 0);
  framed.set(named, 4);
  framed.writeUInt32BE(crc32(named), named.length + 4);
  return framed;
}

export interface PngParts {
  readonly width: number;
  readonly height: number;
  readonly depth?: number;
  /** 0 grey, 2 coloured, 3 with a palette, 4 grey with opacity, 6 coloured with opacity. */
  readonly colour?: number;
  readonly interlace?: number;
  /** Each row with its filter's number in front. */
  readonly rows: Uint8Array;
  /** Chunks between header and pixels. */
  readonly between?: readonly Buffer[];
}

/** A PNG file from its parts, as the specification lays it out. */
export function pngFile({ width, height, depth = 8, colour = 0, interlace = 0, rows, between = [] }: PngParts): Buffer {
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, depth, colour, 0, 0, interlace]);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  return Buffer.concat([
    Buffer.from("89504e470d0a1a0a", "hex"),
    pngChunk("IHDR", header),
    ...between,
    pngChunk("IDAT", deflateSync(rows)),
    pngChunk("IEND", new Uint8Array(0)),
  ]);
}
