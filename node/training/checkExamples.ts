import { PacelineError } from "../core/errors.ts";
import { type Model, elementCount, parameterCount } from "./models/model.ts";
import type { ExampleTensor, Examples } from "./trainer.ts";

/** What every engine refuses before it starts. */

/** @throws PacelineError `bad-argument` */
export function checkParams(model: Model, params: Float32Array): void {
  const expected = parameterCount(model);
  if (params.length !== expected)
    throw new PacelineError("bad-argument", `the model has ${expected} parameters, got ${params.length}`);
}

/** @throws PacelineError `bad-argument` saying which input does not fit, and why */
export function checkInputs(model: Model, { count, inputs }: Pick<Examples, "count" | "inputs">): void {
  if (!(count >= 1)) throw new PacelineError("bad-argument", "there are no examples");
  if (count > 2 ** 31 - 1) throw new PacelineError("bad-argument", "too many examples for 32-bit indices");
  if (inputs.length !== model.exampleInputs)
    throw new PacelineError(
      "bad-argument",
      `the model reads ${model.exampleInputs} inputs, the examples have ${inputs.length}`,
    );
  inputs.forEach((tensor, i) => {
    const { name, type, shape } = model.graph.inputs[i]!;
    checkTensor(`input ${name}`, tensor, count, type, shape.slice(1) as number[]);
  });
}

/** @throws PacelineError `bad-argument` where inputs or targets do not fit the model, or a class is out of range */
export function checkExamples(model: Model, examples: Examples): void {
  checkInputs(model, examples);
  const { targets, count, classes } = examples;
  const spec = model.targets;
  checkTensor("the target", targets, count, spec.type, spec.shape);
  if (classes > spec.classes)
    throw new PacelineError("bad-argument", `the model tells ${spec.classes} classes, the examples have ${classes}`);
  if (!(targets.values instanceof Int32Array)) return;
  const lowest = spec.shape.length > 0 ? -1 : 0;
  const stray = targets.values.find((target) => target < lowest || target >= spec.classes);
  if (stray !== undefined)
    throw new PacelineError("bad-argument", `the target ${stray} is outside 0 … ${spec.classes - 1}`);
}

function checkTensor(
  what: string,
  { shape, values }: ExampleTensor,
  count: number,
  type: string,
  expected: readonly number[],
): void {
  const found = values instanceof Int32Array ? "int32" : "float32";
  if (found !== type && !(found === "int32" && type === "int64"))
    throw new PacelineError("bad-argument", `${what}: the model takes ${type}, the examples have ${found}`);
  if (shape.length !== expected.length || shape.some((size, i) => size !== expected[i]))
    throw new PacelineError(
      "bad-argument",
      `${what}: the model takes the shape [${expected.join(", ")}], the examples have [${shape.join(", ")}]`,
    );
  if (values.length !== count * elementCount(shape))
    throw new PacelineError(
      "bad-argument",
      `${what}: ${count} examples of ${elementCount(shape)} values, got ${values.length}`,
    );
}

/** @throws PacelineError `diverged` where training ended in something that is no number */
export function checkTrained(params: Float32Array): Float32Array {
  if (!hasStray(params)) return params;
  throw new PacelineError(
    "diverged",
    "local training diverged: a parameter is not a finite number; lower the learning rate, or set clipGradientNorm",
  );
}

/** A loop, for it is several times faster than `every` on the millions of numbers that there may be. */
function hasStray(params: Float32Array): boolean {
  for (let i = 0; i < params.length; i++) if (!Number.isFinite(params[i])) return true;
  return false;
}
