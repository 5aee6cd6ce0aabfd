export interface Size {
  readonly height: number;
  readonly width: number;
}

/**
 * A picture of another size by the box filter: each new pixel is the mean of the old ones that it covers, in part where it does.
 * The picture is stretched where the proportions differ.
 * @param light row-major [from.height, from.width, channels]
 * @returns row-major [to.height, to.width, channels]
 */
export function resizeByBox(light: Float32Array, from: Size, to: Size, channels: number): Float32Array {
  const lower = shrinkMiddle(light, 1, from.height, to.height, from.width * channels);
  return shrinkMiddle(lower, to.height, from.width, to.width, channels);
}

/** The middle axis of [outer, size, inner] brought to another size. */
function shrinkMiddle(values: Float32Array, outer: number, size: number, newSize: number, inner: number): Float32Array {
  if (size === newSize) return values;
  const result = new Float32Array(outer * newSize * inner);
  for (let i = 0; i < newSize; i++) {
    for (const { index, share } of covered(i, size, newSize)) {
      for (let block = 0; block < outer; block++) {
        const [from, to] = [(block * size + index) * inner, (block * newSize + i) * inner];
        for (let k = 0; k < inner; k++)
          result[to + k] = (result[to + k] as number) + share * (values[from + k] as number);
      }
    }
  }
  return result;
}

/** The old pixels under new pixel `i`, with the share that each has of it. */
function covered(i: number, size: number, newSize: number): readonly { index: number; share: number }[] {
  // in units of 1 / newSize of an old pixel, so that all is whole
  const [begin, end] = [i * size, (i + 1) * size];
  const first = Math.floor(begin / newSize);
  const last = Math.ceil(end / newSize);
  return Array.from({ length: last - first }, (_, k) => {
    const left = Math.max(begin, (first + k) * newSize);
    const right = Math.min(end, (first + k + 1) * newSize);
    return { index: first + k, share: (right - left) / size };
  });
}
