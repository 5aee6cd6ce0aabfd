import { PacelineError } from "../core/errors.ts";

/** A tensor that has a part for every example. */
export interface ExampleTensor {
  /** Of one example's part; `[]` is a single number. */
  readonly shape: readonly number[];
  /** Row-major, count · product(shape) values. */
  readonly values: Float32Array | Int32Array;
}

/** Examples with what is to be predicted from them. */
export interface Dataset {
  readonly count: number;
  /** What a model reads, in the order of its inputs. */
  readonly inputs: readonly ExampleTensor[];
  /** What it is to tell: int32 classes 0 … classes−1, with −1 for padding; or float32 numbers. */
  readonly targets: ExampleTensor;
  /** 0 where targets are real numbers. */
  readonly classes: number;
  /** Who each example comes from (a user, a speaker, a site), as a number 0 … ; for partitions by nature. */
  readonly groups?: Int32Array;
}

/** Values of one example's part. */
export function partLength(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** The examples at `indices`, copied, in that order. */
export function selectExamples(data: Dataset, indices: readonly number[] | Int32Array): Dataset {
  const stray = indices.find((index) => !(index >= 0 && index < data.count));
  if (stray !== undefined)
    throw new PacelineError("bad-argument", `example ${stray} is outside a set of ${data.count}`);
  return {
    count: indices.length,
    inputs: data.inputs.map((tensor) => selectParts(tensor, indices)),
    targets: selectParts(data.targets, indices),
    classes: data.classes,
    ...(data.groups === undefined
      ? {}
      : { groups: Int32Array.from(indices, (index) => data.groups?.[index] as number) }),
  };
}

function selectParts({ shape, values }: ExampleTensor, indices: readonly number[] | Int32Array): ExampleTensor {
  const length = partLength(shape);
  const selected =
    values instanceof Int32Array ? new Int32Array(indices.length * length) : new Float32Array(indices.length * length);
  indices.forEach((index: number, row: number) => {
    selected.set(values.subarray(index * length, (index + 1) * length), row * length);
  });
  return { shape, values: selected };
}

/** Sets of equal shape, one behind the other. */
export function concatExamples(parts: readonly [Dataset, ...Dataset[]]): Dataset {
  const [first] = parts;
  const count = parts.reduce((sum, part) => sum + part.count, 0);
  return {
    count,
    inputs: first.inputs.map((_, i) => concatParts(parts.map((part) => part.inputs[i] as ExampleTensor))),
    targets: concatParts(parts.map(({ targets }) => targets)),
    classes: first.classes,
    ...(parts.some(({ groups }) => groups === undefined)
      ? {}
      : { groups: Int32Array.from(parts.flatMap(({ groups }) => [...(groups as Int32Array)])) }),
  };
}

function concatParts(parts: readonly ExampleTensor[]): ExampleTensor {
  const { shape, values: kind } = parts[0] as ExampleTensor;
  const length = parts.reduce((sum, { values }) => sum + values.length, 0);
  const joined = kind instanceof Int32Array ? new Int32Array(length) : new Float32Array(length);
  let offset = 0;
  for (const { values } of parts) {
    joined.set(values, offset);
    offset += values.length;
  }
  return { shape, values: joined };
}
