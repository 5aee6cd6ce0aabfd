import { decode } from "jpeg-js";
import { messageOf } from "../../core/errors.ts";
import { badData } from "../fault.ts";
import { MAX_PIXELS, MAX_SIDE } from "../contract/images.ts";
import { isTooLarge, type Raster } from "./raster.ts";

/** Twice what a byte can stand for: each block of 8 × 8 pixels takes at least a bit, that of its mean (section F.1.2.1). */
const PIXELS_A_BYTE = 1024;
/** A decoder's tables for the largest picture that is taken. */
const MAX_MEBIBYTES = 512;
/** Scans of a progressive picture: each is a pass over all of it, however short its data. */
const MAX_SCANS = 100;

export function isJpeg(bytes: Buffer): boolean {
  return bytes.length > 3 && bytes.readUIntBE(0, 3) === 0xffd8ff;
}

/**
 * JPEG (ITU-T T.81), baseline or progressive, by jpeg-js, which looks at the size before it takes memory. Always coloured.
 * A camera's note that the picture is to be turned is not followed.
 * @throws PacelineError `bad-input` naming the file
 */
export function decodeJpeg(bytes: Buffer, file: string): Raster {
  const scans = countScans(bytes);
  if (scans > MAX_SCANS) throw badData({ file }, `${scans} scans are too many; at most ${MAX_SCANS}`);
  const mostPixels = Math.min(MAX_PIXELS, PIXELS_A_BYTE * bytes.length);
  try {
    const { width, height, data } = decode(bytes, {
      useTArray: true,
      formatAsRGBA: false,
      tolerantDecoding: false,
      maxResolutionInMP: mostPixels / 1e6,
      maxMemoryUsageInMB: MAX_MEBIBYTES,
    });
    if (width === 0 || height === 0) throw new Error(`${width} × ${height} pixels`);
    if (isTooLarge(height, width)) throw new Error(`${width} × ${height} pixels are more than ${MAX_SIDE} a side`);
    return { width, height, channels: 3, maximum: 255, values: data };
  } catch (error) {
    const what = messageOf(error);
    if (what.startsWith("maxResolutionInMP"))
      throw badData({ file }, `more pixels than the ${mostPixels} that are taken of ${bytes.length} bytes`, error);
    throw badData({ file }, `not a JPEG picture that can be read: ${what}`, error);
  }
}

function countScans(bytes: Buffer): number {
  let scans = 0;
  for (let at = bytes.indexOf("ffda", 0, "hex"); at >= 0; at = bytes.indexOf("ffda", at + 2, "hex")) scans++;
  return scans;
}
