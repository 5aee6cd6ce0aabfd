import { elementCount } from "../../models/model.ts";

/** Numbers of a param or constant, row-major, and what becomes of them between ONNX's layouts and Keras's. */
export interface Numbers {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** NumPy's transpose. */
export function transposed({ shape, values }: Numbers, order: readonly number[]): Numbers {
  const strides = shape.map((_, axis) => elementCount(shape.slice(axis + 1)));
  const to = order.map((axis) => shape[axis] as number);
  const result = new Float32Array(values.length);
  const index = to.map(() => 0);
  for (let i = 0; i < result.length; i++) {
    let from = 0;
    for (let axis = 0; axis < to.length; axis++)
      from += (index[axis] as number) * (strides[order[axis] as number] as number);
    result[i] = values[from] as number;
    for (let axis = to.length - 1; axis >= 0 && ++index[axis]! === to[axis]; axis--) index[axis] = 0;
  }
  return { shape: to, values: result };
}

export function scaled({ shape, values }: Numbers, by: number): Numbers {
  return by === 1 ? { shape, values } : { shape, values: values.map((value) => value * by) };
}

export function reshaped({ values }: Numbers, shape: readonly number[]): Numbers {
  return { shape, values };
}

/** Rows `from` … `to − 1` of the first axis. */
export function rows({ shape: [, ...rest], values }: Numbers, from: number, to: number): Numbers {
  const each = elementCount(rest);
  return { shape: [to - from, ...rest], values: values.slice(from * each, to * each) };
}

/** Blocks of the first axis in another order. */
export function reordered(numbers: Numbers, order: readonly number[]): Numbers {
  const size = (numbers.shape[0] as number) / order.length;
  const values = new Float32Array(numbers.values.length);
  let offset = 0;
  for (const block of order) {
    const part = rows(numbers, block * size, (block + 1) * size).values;
    values.set(part, offset);
    offset += part.length;
  }
  return { shape: numbers.shape, values };
}

export function sum(a: Numbers, b: Numbers): Numbers {
  return { shape: a.shape, values: a.values.map((value, i) => value + (b.values[i] as number)) };
}
