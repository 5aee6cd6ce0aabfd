import { expect } from "chai";
import { type Model, tensorSlots } from "../../../node/training/models/model.ts";
import { OnnxTrainer } from "../../../node/training/onnxTrainer.ts";
import { TfjsTrainer } from "../../../node/training/tfjs/tfjsTrainer.ts";
import type { Examples, LocalTraining, LossGradient } from "../../../node/training/trainer.ts";
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
 * Params should be of the order of 1 and the model small: at least one gradient must be well above rounding.
 */
export async function expectGradientsAgree(
  model: Model,
  params: Float32Array,
  examples: Examples,
  checkedParams = CHECKED_PARAMS,
): Promise<void> {
  const reference = await tfjsGradient(model, params, examples);
  expectDifferencesAgree(reference, await differences(model, params, examples, checkedParams));
  const trainer = new OnnxTrainer(model);
  try {
    expectSameGradient(model, await trainer.lossGradient(params, examples), reference);
  } finally {
    await trainer.close();
  }
}

/**
 * Holds a few steps of training on the ONNX engine against the same on tfjs: dropout, batch statistics and the optimiser
 * included.
 */
export async function expectTrainingAgrees(model: Model, job: LocalTraining): Promise<void> {
  const [onnx, tfjs] = [new OnnxTrainer(model), new TfjsTrainer(model)];
  try {
    const [found, expected] = [(await onnx.train(job)).params, (await tfjs.train(job)).params];
    const moved = farthest(found, job.params);
    expect(moved, "how far training went").to.be.above(1e-3);
    expect(farthest(found, expected), "largest difference").to.be.below(SAME_GRADIENT * moved + ROUNDING);
  } finally {
    await onnx.close();
    await tfjs.close();
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

/**
 * Differences tell a derivative where two neighbouring distances give the same; where a kink is nearer than that, they tell
 * nothing. They must tell a third of those that were looked at.
 */
export function expectDifferencesAgree({ loss, gradient }: LossGradient, found: readonly Difference[]): void {
  const scale = largest(gradient);
  expect(scale, "the largest gradient, which must be well above rounding").to.be.above(1e-3);
  const tolerance = (distance: number): number =>
    SAME_SLOPE * scale + (LOSS_ROUNDING * Math.max(1, Math.abs(loss))) / distance;
  let told = 0;
  for (const { param, slopes } of found) {
    const steady = slopes.filter(({ slope, distance }, i) =>
      [slopes[i - 1], slopes[i + 1]].some(
        (other) =>
          other !== undefined && Math.abs(other.slope - slope) <= tolerance(distance) + tolerance(other.distance),
      ),
    );
    if (steady.length === 0) continue;
    told++;
    const errors = steady.map(({ slope, distance }) => Math.abs(slope - gradient[param]!) / tolerance(distance));
    const said = steady.map(({ slope }) => slope.toPrecision(5)).join(", ");
    const message = `param ${param}: the gradient is ${gradient[param]}, differences say ${said}`;
    expect(Math.min(...errors), message).to.be.below(1);
  }
  expect(told, "derivatives that differences tell").to.be.at.least(found.length / 3);
}

function farthest(a: Float32Array, b: Float32Array): number {
  return largest(a.map((value, i) => value - b[i]!));
}

function largest(values: Float32Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}
