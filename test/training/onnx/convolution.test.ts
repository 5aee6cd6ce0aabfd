import { type Attributes, int, ints, text } from "../../../node/training/graph/graph.ts";
import { expectGradientsAgree } from "../gradients/oracle.ts";
import { NORMAL, operatorCase } from "../gradients/operatorCase.ts";

/** A convolution of an image that is made of a param, so that there is a gradient at the image too. */
async function convolves(
  image: readonly number[],
  kernels: readonly [number, number, ...number[]],
  attributes: Attributes = {},
  biased = true,
): Promise<void> {
  const { model, params, examples } = operatorCase((builder) => {
    const pixels = builder.example("image", "float32", image);
    const gains = builder.param("gains", image, NORMAL);
    const weight = builder.param("weight", kernels, NORMAL);
    const bias = biased ? [builder.param("bias", [kernels[0]], NORMAL)] : [];
    return builder.graph.node("Conv", [builder.graph.node("Mul", [pixels, gains]), weight, ...bias], attributes);
  });
  await expectGradientsAgree(model, params, examples);
}

describe("the gradient of a convolution", () => {
  it("of an image, without padding", () => convolves([3, 5, 6], [4, 3, 3, 2]));
  it("of a sequence", () => convolves([3, 9], [4, 3, 4]));
  it("of a sequence with a stride, padding at its end and a dilation", () =>
    convolves([2, 11], [3, 2, 3], { strides: ints([2]), pads: ints([0, 3]), dilations: ints([2]) }));
  it("with a kernel of one pixel", () => convolves([5, 3, 4], [3, 5, 1, 1]));
  it("with padding that differs from side to side", () =>
    convolves([2, 5, 4], [3, 2, 3, 3], { pads: ints([2, 0, 1, 3]) }));
  it("with strides that leave pixels out", () => convolves([3, 6, 7], [2, 3, 2, 3], { strides: ints([3, 2]) }));
  it("with a stride along the height only", () =>
    convolves([9, 6, 5], [2, 9, 3, 3], { strides: ints([2, 1]), pads: ints([1, 1, 1, 1]) }));
  it("with dilations", () => convolves([4, 7, 8], [3, 4, 3, 2], { dilations: ints([2, 3]) }));
  it("padded to the same size, more behind than before", () =>
    convolves([3, 5, 4], [2, 3, 2, 4], { auto_pad: text("SAME_UPPER") }));
  it("padded to the same size, more before than behind, with a stride", () =>
    convolves([3, 5, 4], [2, 3, 2, 4], { auto_pad: text("SAME_LOWER"), strides: ints([2, 1]) }));
  it("of many channels, whose heights are summed up after the product", () =>
    convolves([9, 6, 5], [3, 9, 5, 3], { pads: ints([2, 1, 2, 1]) }));
  it("of many channels, with a stride along the width and dilations", () =>
    convolves([9, 6, 7], [3, 9, 3, 3], { pads: ints([2, 0, 1, 2]), strides: ints([1, 2]), dilations: ints([2, 1]) }));
  it("in groups of channels", () => convolves([6, 4, 5], [4, 3, 2, 3], { group: int(2), pads: ints([1, 0, 0, 1]) }));
  it("in groups of many channels", () =>
    convolves([18, 4, 3], [4, 9, 3, 3], { group: int(2), pads: ints([1, 1, 1, 1]) }));
  it("channel by channel, two kernels each", () => convolves([3, 5, 5], [6, 1, 3, 3], { group: int(3) }, false));
  it("without a bias", () => convolves([2, 4, 4], [3, 2, 2, 2], {}, false));
});
