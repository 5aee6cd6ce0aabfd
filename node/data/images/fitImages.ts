import type { FittedImages, ImagesContract } from "../contract/images.ts";
import { badData, listed } from "../fault.ts";
import { Moments } from "../moments.ts";
import type { Pictures } from "./pictures.ts";
import { type Frame, lightOf } from "./readImages.ts";

/**
 * Fills in what the contract leaves open: the size, that of the first picture; grey, where all are; the source's classes; mean and
 * standard deviation of each channel's light.
 * @throws PacelineError `bad-input` where there is one class only, or naming the file of a picture that does not fit
 */
export function fitImages(contract: ImagesContract, pictures: Pictures): FittedImages {
  const classes = contract.classes ?? [...pictures.classNames];
  if (classes.length < 2)
    throw badData({ file: pictures.source }, `there is one class only, ${listed(classes)}; name all in the contract`);
  const frame = fitFrame(contract, pictures);
  return { ...contract, ...frame, classes, scale: contract.scale ?? fitScale(frame, pictures) };
}

function fitFrame(contract: ImagesContract, pictures: Pictures): Frame {
  const { resize, height, width, channels } = contract;
  if (height !== undefined && width !== undefined && channels !== undefined) return { resize, height, width, channels };
  let first: Frame | undefined;
  for (const { raster } of pictures) {
    first ??= { resize, height: height ?? raster.height, width: width ?? raster.width, channels: channels ?? 1 };
    if (channels !== undefined) break;
    if (raster.channels === 3) return { ...first, channels: 3 };
  }
  if (first === undefined) throw badData({ file: pictures.source }, "there are no pictures");
  return first;
}

function fitScale(frame: Frame, pictures: Pictures): FittedImages["scale"] {
  const moments = Array.from({ length: frame.channels }, () => new Moments());
  for (const picture of pictures)
    lightOf(picture, frame).forEach((value, i) => moments[i % frame.channels]?.add(value));
  return { mean: moments.map(({ mean }) => mean), stddev: moments.map(({ stddev }) => stddev) };
}
