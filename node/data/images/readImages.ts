import type { FittedImages } from "../contract/images.ts";
import type { Dataset } from "../dataset.ts";
import { badData, listed, quoted } from "../fault.ts";
import { MAX_VALUES } from "../growing.ts";
import { requireSeveralClasses } from "../oneClass.ts";
import type { Picture, Pictures } from "./pictures.ts";
import { toLight } from "./raster.ts";
import { resizeByBox } from "./resize.ts";

/**
 * Examples of shape [height, width, channels], in the order of the source: light 0 … 1, shifted and scaled by channel.
 * @throws PacelineError `bad-input` naming the file of a picture whose size or class is not the contract's, or where all are of one class
 */
export function readImages(contract: FittedImages, pictures: Pictures): Dataset {
  const { height, width, channels, classes } = contract;
  const length = height * width * channels;
  if (pictures.count * length > MAX_VALUES)
    throw badData(
      { file: pictures.source },
      `${pictures.count} pictures of ${length} values are more than ${MAX_VALUES} values`,
    );
  const values = new Float32Array(pictures.count * length);
  const labels = new Int32Array(pictures.count);
  let row = 0;
  for (const picture of pictures) {
    const light = lightOf(picture, contract);
    scaleLight(light, contract);
    values.set(light, row * length);
    labels[row++] = classOf(picture, classes);
  }
  requireSeveralClasses(pictures.source, labels, classes);
  return {
    count: pictures.count,
    inputs: [{ shape: [height, width, channels], values }],
    targets: { shape: [], values: labels },
    classes: classes.length,
  };
}

/** The size that pictures are brought to, and how. */
export type Frame = Pick<FittedImages, "height" | "width" | "channels" | "resize">;

/** @throws PacelineError `bad-input` where the picture has another size and is not to be resized */
export function lightOf({ raster, place }: Picture, { height, width, channels, resize }: Frame): Float32Array {
  const light = toLight(raster, channels);
  if (raster.height === height && raster.width === width) return light;
  if (resize === "reject")
    throw badData(
      place,
      `${raster.height} × ${raster.width} pixels (height × width), the contract says ${height} × ${width}`,
    );
  return resizeByBox(light, raster, { height, width }, channels);
}

function scaleLight(light: Float32Array, { channels, scale: { mean, stddev } }: FittedImages): void {
  for (let i = 0; i < light.length; i++) {
    const channel = i % channels;
    light[i] = ((light[i] as number) - (mean[channel] as number)) / (stddev[channel] as number);
  }
}

function classOf({ label, place }: Picture, classes: readonly string[]): number {
  const index = typeof label === "number" ? label : classes.indexOf(label);
  if (index >= 0 && index < classes.length) return index;
  throw badData(place, `class ${quoted(label)} is none of ${listed(classes)}`);
}
