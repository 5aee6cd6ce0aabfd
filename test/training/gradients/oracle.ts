import { expect } from "chai";
import { type Model, tensorSlots } from "../../../node/training/models/model.ts";
import { OnnxTrainer } from "../../../node/training/onnxTrainer.ts";
import type { Examples, LossGradient } from "../../../node/training/trainer.ts";
import { type Difference, differences, tfjsGradient } from "./references.ts";

/** Of each tensor's largest gradient. */
const SAME_GRADIENT = 1e-4;
/** Of the largest gradient of all: what is smaller drowns in the rounding of 32 bits. */
const ROUNDING = 1e-6;
/** Of the largest gradient of all, for what differences tell. */
const SAME_SLOPE = 1e-4;
/** Error of the loss by the rounding of its 32-bit outputs, relative to it. */
const LOSS_ROUNDING = 1e-7;
/** Params whose derivative is taken by differences. */
const CHECKED_PARAMS = 30;

/**
 * Holds the ONNX engine's gradient of the mean loss against tfjs's, and both against differences of the loss.
 *
 * Params should be of the order of 1 and the model small: at least one gradient must be well above rounding. Where there are kinks
 * (ReLU, max-pooling) within 2⁻⁹ of a param, choose other params.
 */
export async function expectGradientsAgree(model: Model, params: Float32Array, examples: Examples): Promise<void> {
  const reference = await tfjsGradient(model, params, examples);
  expectDifferencesAgree(reference, await differences(model, params, examples, CHECKED_PARAMS));
  const trainer = new OnnxTrainer(model);
  try {
    expectSameGradient(model, await trainer.lossGradient(params, examples), reference);
  } finally {
    await trainer.close();
  }
}

/** Equal to 1e-4 of each tensor's largest value. */
export function expectSameGradient(model: Pick<Model, "tensors">, found: LossGradient, reference: LossGradient): void {
  expect(found.loss, "loss").to.be.closeTo(reference.loss, 1e-5 * Math.max(1, Math.abs(reference.loss)));
  expect(found.gradient.length).to.equal(reference.gradient.length);
  const floor = ROUNDING * largest(reference.gradient);
  for (const { name, offset, length } of tensorSlots(model.tensors)) {
    const expected = reference.gradient.subarray(offset, offset + length);
    const tolerance = Math.max(SAME_GRADIENT * largest(expected), floor);
    found.gradient.subarray(offset, offset + length).forEach((value, i) => {
      expect(value, `gradient of ${name}, value ${i}`).to.be.closeTo(expected[i] as number, tolerance);
    });
  }
}

/** A derivative agrees where one of the distances tells it, within the error that this distance must have. */
export function expectDifferencesAgree({ loss, gradient }: LossGradient, found: readonly Difference[]): void {
  const scale = largest(gradient);
  expect(scale, "the largest gradient, which must be well above rounding").to.be.above(1e-3);
  for (const { param, slopes } of found) {
    const errors = slopes.map(({ distance, slope }) => {
      const tolerance = SAME_SLOPE * scale + (LOSS_ROUNDING * Math.max(1, Math.abs(loss))) / distance;
      return Math.abs(slope - (gradient[param] as number)) / tolerance;
    });
    const told = slopes.map(({ slope }) => slope.toPrecision(5)).join(", ");
    const message = `param ${param}: the gradient is ${gradient[param]}, differences say ${told}`;
    expect(Math.min(...errors), message).to.be.below(1);
  }
}

function largest(values: Float32Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}
