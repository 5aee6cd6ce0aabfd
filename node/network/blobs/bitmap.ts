/** Chunks that are held, one bit each, the first one the lowest bit of the first byte. */

export function bitmapBytes(count: number): number {
  return Math.ceil(count / 8);
}

export function bitmapOf(count: number, isSet: (index: number) => boolean): Uint8Array {
  const bitmap = new Uint8Array(bitmapBytes(count));
  for (let index = 0; index < count; index++) if (isSet(index)) setBit(bitmap, index, true);
  return bitmap;
}

export function hasBit(bitmap: Uint8Array, index: number): boolean {
  return (((bitmap[index >> 3] ?? 0) >> (index & 7)) & 1) === 1;
}

export function setBit(bitmap: Uint8Array, index: number, value: boolean): void {
  const mask = 1 << (index & 7);
  const byte = bitmap[index >> 3] ?? 0;
  bitmap[index >> 3] = value ? byte | mask : byte & ~mask;
}
