import { expect } from "chai";
import { type Attributes, int, ints, text } from "../../../node/training/graph/graph.ts";
import { OnnxTrainer } from "../../../node/training/onnxTrainer.ts";
import { expectGradientsAgree } from "../gradients/oracle.ts";
import { type Case, NORMAL, operatorCase } from "../gradients/operatorCase.ts";

/** A pooling of an image times a param of its shape. */
function pooling(operator: string, image: readonly number[], attributes: Attributes = {}): Case {
  return operatorCase((builder) => {
    const pixels = builder.example("image", "float32", image);
    const gains = builder.param("gains", image, NORMAL);
    return builder.graph.node(operator, [builder.graph.node("Mul", [pixels, gains])], attributes);
  });
}

async function pools(operator: string, image: readonly number[], attributes: Attributes = {}): Promise<void> {
  const { model, params, examples } = pooling(operator, image, attributes);
  await expectGradientsAgree(model, params, examples);
}

/** 1 where a pixel gets a gradient, all gains being 1. */
async function winners(image: readonly number[], pixels: readonly number[], attributes: Attributes): Promise<unknown> {
  const { model, params, examples } = pooling("MaxPool", image, attributes);
  const inputs = [{ shape: image, values: Float32Array.from([...pixels, ...pixels, ...pixels]) }];
  examples.targets.values.fill(-1);
  const trainer = new OnnxTrainer(model);
  try {
    const { gradient } = await trainer.lossGradient(params.fill(1), { ...examples, inputs });
    return [...gradient].map((value) => (value === 0 ? 0 : 1));
  } finally {
    await trainer.close();
  }
}

describe("the gradient of a maximum over windows", () => {
  it("of 2 × 2 pixels", () => pools("MaxPool", [3, 4, 6], { kernel_shape: ints([2, 2]), strides: ints([2, 2]) }));
  it("that leave the last row out", () =>
    pools("MaxPool", [2, 5, 4], { kernel_shape: ints([2, 2]), strides: ints([2, 2]) }));
  it("that overlap, and see padding", () =>
    pools("MaxPool", [2, 6, 5], { kernel_shape: ints([3, 3]), strides: ints([2, 1]), pads: ints([1, 0, 1, 2]) }));
  it("that leave pixels out", () => pools("MaxPool", [2, 7, 8], { kernel_shape: ints([2, 3]), strides: ints([3, 5]) }));
  it("of which the last is cut off by the image's end", () =>
    pools("MaxPool", [3, 5, 7], { kernel_shape: ints([2, 2]), strides: ints([2, 2]), ceil_mode: int(1) }));
  it("that keep the size", () =>
    pools("MaxPool", [2, 4, 3], { kernel_shape: ints([3, 2]), auto_pad: text("SAME_UPPER") }));
  it("of a sequence", () => pools("MaxPool", [4, 9], { kernel_shape: ints([3]), strides: ints([2]) }));
  it("of one pixel", () => pools("MaxPool", [2, 3, 4], { kernel_shape: ints([1, 1]), strides: ints([2, 2]) }));
  it("over the whole image", () => pools("GlobalMaxPool", [3, 4, 5]));

  it("with dilations goes to the largest of pixels that lie apart", async () => {
    const attributes = { kernel_shape: ints([2]), dilations: ints([3]) };
    expect(await winners([1, 6], [1, 5, 2, 4, 3, 0], attributes)).to.deep.equal([0, 1, 1, 1, 0, 0]);
  });

  it("goes to the first pixel of a window where several are the largest", async () => {
    const attributes = { kernel_shape: ints([2, 3]), strides: ints([2, 3]) };
    const found = await winners([1, 2, 6], [4, 4, 4, 3, 7, 3, /* the second row */ 4, 4, 4, 7, 3, 7], attributes);
    expect(found).to.deep.equal([1, 0, 0, 0, 1, 0, /* the second row */ 0, 0, 0, 0, 0, 0]);
  });

  it("goes to the first pixel that is not padding", async () => {
    const attributes = { kernel_shape: ints([2, 2]), strides: ints([2, 2]), pads: ints([1, 1, 0, 0]) };
    const found = await winners([1, 3, 3], [-2, -2, -2, -2, -2, -2, -2, -2, -2], attributes);
    expect(found).to.deep.equal([1, 1, 0, /* the second row */ 1, 1, 0, /* the third */ 0, 0, 0]);
  });
});

describe("the gradient of an average over windows", () => {
  it("of 2 × 3 pixels", () => pools("AveragePool", [3, 4, 6], { kernel_shape: ints([2, 3]), strides: ints([2, 3]) }));
  it("that overlap, padding not counted", () =>
    pools("AveragePool", [2, 6, 5], { kernel_shape: ints([3, 3]), strides: ints([2, 1]), pads: ints([1, 0, 1, 2]) }));
  it("that overlap, padding counted", () =>
    pools("AveragePool", [2, 6, 5], {
      kernel_shape: ints([3, 3]),
      strides: ints([2, 1]),
      pads: ints([1, 0, 1, 2]),
      count_include_pad: int(1),
    }));
  it("of which the last is cut off by the image's end", () =>
    pools("AveragePool", [3, 5, 7], { kernel_shape: ints([2, 2]), strides: ints([2, 2]), ceil_mode: int(1) }));
  it("cut off by the end of the padding, which counts", () =>
    pools("AveragePool", [3, 5, 6], {
      kernel_shape: ints([3, 3]),
      strides: ints([2, 2]),
      pads: ints([1, 1, 1, 1]),
      ceil_mode: int(1),
      count_include_pad: int(1),
    }));
  it("of a sequence", () => pools("AveragePool", [4, 9], { kernel_shape: ints([3]), strides: ints([2]) }));
  it("over the whole image", () => pools("GlobalAveragePool", [3, 4, 5]));
  it("over a whole sequence", () => pools("GlobalAveragePool", [3, 7]));
});
