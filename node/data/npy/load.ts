import { type ArrayContract, arrayShape, missingInArray } from "../contract/array.ts";
import type { DataSource } from "../dataSource.ts";
import type { Dataset, ExampleTensor } from "../dataset.ts";
import type { PartShape } from "../exampleShape.ts";
import { badData } from "../fault.ts";
import { partLength } from "../dataset.ts";
import { Moments } from "../moments.ts";
import { requireSeveralClasses } from "../oneClass.ts";
import { type ExampleArray, readArrayFolder } from "./folder.ts";

/**
 * The arrays of a folder, as folder.ts reads them.
 * @param contract fitted
 * @throws PacelineError `not-found`, or `bad-input` naming the file and the example, from 1
 */
export function loadArrays({ path }: DataSource, contract: ArrayContract): Dataset {
  const shape = arrayShape(contract);
  const { x, y, groups } = readArrayFolder(path);
  const input = toPart(x, shape.inputs[0] as PartShape);
  if (contract.bound !== undefined) requireRange(x, input, 0, contract.bound - 1);
  if (contract.scale === "standardise") standardise(input, contract);
  const targets = toPart(y, shape.targets);
  if (shape.classes > 0) requireClasses(y, targets, shape.classes);
  const data = { count: x.count, inputs: [input], targets, classes: shape.classes };
  return groups === undefined ? data : { ...data, groups };
}

/** Fills in shapes, the bound, classes, means and deviations. Throws what `loadArrays` throws. */
export function fitArrays({ path }: DataSource, contract: ArrayContract): ArrayContract {
  if (missingInArray(contract).length === 0) return contract;
  const { type, scale, target } = contract;
  const { x, y } = readArrayFolder(path);
  const targetShape = target.shape ?? [...y.shape];
  return {
    ...contract,
    shape: contract.shape ?? [...x.shape],
    ...(type === "int32" ? { bound: contract.bound ?? largest(x) + 1 } : {}),
    target:
      target.type === "number"
        ? { ...target, shape: targetShape }
        : { ...target, shape: targetShape, classes: target.classes ?? Math.max(2, largest(y) + 1) },
    ...(scale === "standardise" ? fitScale(x, contract) : {}),
  };
}

function toPart(array: ExampleArray, { type, shape }: PartShape): ExampleTensor {
  if (shape.length !== array.shape.length || shape.some((size, axis) => size !== array.shape[axis]))
    throw badData(
      { file: array.file },
      `an example has the shape [${array.shape.join(", ")}], the contract says [${shape.join(", ")}]`,
    );
  if (type === "float32")
    return { shape, values: array.values instanceof Float32Array ? array.values : new Float32Array(array.values) };
  if (array.values instanceof Int32Array) return { shape, values: array.values };
  const fraction = array.values.findIndex((value) => !Number.isInteger(value) || Math.abs(value) > 2 ** 31 - 1);
  if (fraction >= 0) throw badValue(array, fraction, "a whole number is needed");
  return { shape, values: new Int32Array(array.values) };
}

function requireClasses(y: ExampleArray, targets: ExampleTensor, classes: number): void {
  requireRange(y, targets, targets.shape.length > 0 ? -1 : 0, classes - 1);
  const names = Array.from({ length: classes }, (_, i) => `${i}`);
  requireSeveralClasses(y.file, targets.values as Int32Array, names);
}

function requireRange(array: ExampleArray, { values }: ExampleTensor, minimum: number, maximum: number): void {
  const stray = values.findIndex((value) => value < minimum || value > maximum);
  if (stray >= 0) throw badValue(array, stray, `the contract has ${minimum} to ${maximum}`);
}

function badValue({ file, shape, values }: ExampleArray, at: number, what: string): Error {
  return badData({ file, row: 1 + Math.floor(at / partLength(shape)) }, `there is ${values[at]}; ${what}`);
}

function largest({ values }: ExampleArray): number {
  let most = 0;
  for (const value of values) most = Math.max(most, value);
  return most;
}

function standardise({ values }: ExampleTensor, { mean = [], stddev = [] }: ArrayContract): void {
  values.forEach((value, i) => {
    const position = i % mean.length;
    values[i] = (value - (mean[position] as number)) / (stddev[position] as number);
  });
}

function fitScale({ shape, values }: ExampleArray, contract: ArrayContract): { mean: number[]; stddev: number[] } {
  const moments = Array.from({ length: shape.at(-1) ?? 1 }, () => new Moments());
  values.forEach((value, i) => moments[i % moments.length]?.add(value));
  return {
    mean: contract.mean ?? moments.map(({ mean }) => mean),
    stddev: contract.stddev ?? moments.map(({ stddev }) => stddev),
  };
}
