import { MAX_PIXELS, MAX_SIDE } from "../contract/images.ts";

/** A picture as its decoder gives it. */
export interface Raster {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  /** Row by row, the channels of a pixel side by side; 0 … `maximum`. */
  readonly values: Uint8Array | Uint16Array;
  /** The value of full light: 255, or 65,535. */
  readonly maximum: 255 | 65535;
}

export function isTooLarge(height: number, width: number): boolean {
  return height > MAX_SIDE || width > MAX_SIDE || height * width > MAX_PIXELS;
}

/**
 * Light as 0 … 1, row by row, grey or red, green and blue as asked for. Grey of a coloured picture is its luma by ITU-R BT.601
 * (0.299 R + 0.587 G + 0.114 B); a grey picture's three colours are equal.
 */
export function toLight(raster: Raster, channels: 1 | 3): Float32Array {
  const { values, maximum } = raster;
  const pixels = raster.height * raster.width;
  const light = new Float32Array(pixels * channels);
  if (channels === raster.channels) for (let i = 0; i < light.length; i++) light[i] = (values[i] as number) / maximum;
  else if (channels === 3)
    for (let i = 0; i < light.length; i++) light[i] = (values[Math.floor(i / 3)] as number) / maximum;
  else for (let i = 0; i < pixels; i++) light[i] = lumaAt(values, 3 * i) / maximum;
  return light;
}

function lumaAt(values: Uint8Array | Uint16Array, at: number): number {
  return 0.299 * (values[at] as number) + 0.587 * (values[at + 1] as number) + 0.114 * (values[at + 2] as number);
}
