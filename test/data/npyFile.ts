/** An NPY file of version 1 in row-major order, from the format's description. */
export function npyFile(shape: readonly number[], values: Float32Array | Int32Array): Buffer {
  const descr = values instanceof Float32Array ? "<f4" : "<i4";
  const sizes = shape.map((size) => `${size},`).join(" ");
  const dictionary = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const header = dictionary.padEnd(Math.ceil((dictionary.length + 11) / 64) * 64 - 11) + "\n";
  const start = Buffer.from("\x93NUMPY\x01\0\0\0", "latin1");
  start.writeUInt16LE(header.length, 8);
  return Buffer.concat([
    start,
    Buffer.from(header),
    new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
  ]);
}
