import { existsSync } from "node:fs";
import { join } from "node:path";
import { badData } from "../fault.ts";
import { readNpy } from "./npy.ts";

/** An array whose first axis counts examples. */
export interface ExampleArray {
  readonly file: string;
  readonly count: number;
  /** Of one example's part. */
  readonly shape: readonly number[];
  readonly values: Float32Array | Int32Array;
}

export interface ArrayFolder {
  readonly x: ExampleArray;
  readonly y: ExampleArray;
  /** Who each example comes from, 0 …; as many as there are examples. */
  readonly groups: Int32Array | undefined;
}

/**
 * `x.npy` and `y.npy`, and `groups.npy` where it is there.
 * @throws PacelineError `not-found`, or `bad-input` naming the file
 */
export function readArrayFolder(folder: string): ArrayFolder {
  const x = readArray(join(folder, "x.npy"));
  const y = readArray(join(folder, "y.npy"));
  requireSameCount(x, y);
  const groupsFile = join(folder, "groups.npy");
  if (!existsSync(groupsFile)) return { x, y, groups: undefined };
  const groups = readArray(groupsFile);
  requireSameCount(x, groups);
  if (groups.shape.length > 0 || groups.values instanceof Float32Array || groups.values.some((group) => group < 0))
    throw badData({ file: groupsFile }, "groups are whole numbers from 0, one an example");
  return { x, y, groups: groups.values };
}

function readArray(file: string): ExampleArray {
  const { shape, values } = readNpy(file);
  const [count, ...rest] = shape;
  if (count === undefined || values.length === 0) throw badData({ file }, "there are no examples in it");
  return { file, count, shape: rest, values };
}

function requireSameCount(x: ExampleArray, other: ExampleArray): void {
  if (other.count !== x.count)
    throw badData({ file: other.file }, `${other.count} examples, but ${x.file} has ${x.count}`);
}
