import { PacelineError } from "../../core/errors.ts";
import type { Examples, ExampleTensor } from "../trainer.ts";
import { elementCount, type Model } from "./model.ts";

/** Whether a model can read a job's examples, and how. */

/** What a set of examples looks like, by one example. */
export interface ExampleShape {
  readonly inputs: readonly PartShape[];
  readonly targets: PartShape;
  /** 0 where targets are numbers. */
  readonly classes: number;
}

export interface PartShape {
  readonly type: "float32" | "int32";
  readonly shape: readonly number[];
}

/** How a part is given to a model that asks for another shape. */
type Layout =
  /** The same values under another shape: an image as a row, or with axes of size 1 more or fewer. */
  | "reshaped"
  /** [height, width, channels] as [channels, height, width]. */
  | "channels-first";

/** @throws PacelineError `bad-input` saying what the model reads or tells, and what the data has */
export function checkModelFits(model: Model, examples: ExampleShape): void {
  const wanted = model.graph.inputs.slice(0, model.exampleInputs);
  if (wanted.length !== examples.inputs.length)
    throw misfit(`the model reads ${wanted.length} inputs, the data has ${examples.inputs.length}`);
  wanted.forEach(({ name, type, shape }, i) => {
    const part = examples.inputs[i] as PartShape;
    if (part.type !== type && !(part.type === "int32" && type === "int64"))
      throw misfit(`the model's input ${name} is ${type}, the data's is ${part.type}`);
    layoutOf(name, part.shape, shape.slice(1) as number[]);
  });
  checkTargets(model, examples);
}

function checkTargets({ targets: wanted, loss }: Model, { targets, classes }: ExampleShape): void {
  const binary = loss.kind === "binary-cross-entropy";
  const asNumber = binary && wanted.type === "float32" && targets.type === "int32";
  if (wanted.type !== targets.type && !asNumber)
    throw misfit(
      wanted.type === "int32"
        ? "the model tells classes, the data's target is a number"
        : "the model tells a number, the data's target is a class",
    );
  const told = binary ? 2 : wanted.classes;
  if (classes > told) throw misfit(`the model tells ${told} classes, the data has ${classes}`);
  if (elementCount(wanted.shape) !== elementCount(targets.shape))
    throw misfit(
      `the model's outputs are for targets ${shapeText(wanted.shape)}, the data's are ${shapeText(targets.shape)}`,
    );
}

/**
 * The examples as the model reads them; nothing is copied where only the shape's name changes.
 * @throws PacelineError `bad-input` where they do not fit
 */
export function fitExamples<T extends Examples>(model: Model, examples: T): T {
  checkModelFits(model, shapeOf(examples));
  const inputs = examples.inputs.map((tensor, i) => {
    const { name, shape } = model.graph.inputs[i]!;
    return fitTensor(name, tensor, shape.slice(1) as number[]);
  });
  return { ...examples, inputs, targets: fitTargets(model, examples.targets) };
}

function fitTargets({ targets: { shape, type } }: Model, targets: ExampleTensor): ExampleTensor {
  const values =
    type === "float32" && targets.values instanceof Int32Array ? Float32Array.from(targets.values) : targets.values;
  return { shape, values };
}

function shapeOf({ inputs, targets, classes }: Examples): ExampleShape {
  const partOf = ({ shape, values }: ExampleTensor): PartShape => ({
    type: values instanceof Int32Array ? "int32" : "float32",
    shape,
  });
  return { inputs: inputs.map(partOf), targets: partOf(targets), classes };
}

function fitTensor(name: string, { shape, values }: ExampleTensor, wanted: readonly number[]): ExampleTensor {
  const layout = layoutOf(name, shape, wanted);
  return {
    shape: wanted,
    values: layout === "reshaped" ? values : channelsFirst(values, shape as [number, number, number]),
  };
}

function layoutOf(name: string, shape: readonly number[], wanted: readonly number[]): Layout {
  const withoutOnes = (sizes: readonly number[]): string => sizes.filter((size) => size !== 1).join(" ");
  const isRow = wanted.length === 1 && elementCount(wanted) === elementCount(shape);
  if (isRow || shape.join(" ") === wanted.join(" ")) return "reshaped";
  const [height, width, channels] = shape;
  const isTurned = shape.length === 3 && wanted.join(" ") === [channels, height, width].join(" ");
  if (isTurned && channels !== 1) return "channels-first";
  if (withoutOnes(shape) === withoutOnes(wanted)) return "reshaped";
  throw misfit(`the model's input ${name} is ${shapeText(wanted)} an example, the data has ${shapeText(shape)}`);
}

function channelsFirst(
  values: ExampleTensor["values"],
  [height, width, channels]: readonly [number, number, number],
): ExampleTensor["values"] {
  const moved = values.slice();
  const pixels = height * width;
  const each = pixels * channels;
  for (let i = 0; i < values.length; i++) {
    const inExample = i % each;
    const to = i - inExample + (inExample % channels) * pixels + Math.floor(inExample / channels);
    moved[to] = values[i] as number;
  }
  return moved;
}

function shapeText(shape: readonly number[]): string {
  return shape.length === 0 ? "a single number" : `[${shape.join(", ")}]`;
}

function misfit(what: string): PacelineError {
  return new PacelineError("bad-input", `the model does not fit the data: ${what}`);
}
