import { z } from "zod";
import { ints, text, type Value } from "../../graph/graph.ts";
import { heUniform, type Model, ZEROS } from "../model.ts";
import { ModelBuilder } from "../modelBuilder.ts";
import { classifying, denseLayer, dropOut } from "./dense.ts";
import { CLASSES, UNITS } from "./limits.ts";

const side = z.int().min(1).max(1024);

/**
 * Convolutions with ReLU and 2 × 2 max-pooling, then dense layers. With its defaults on 28 × 28 grey images and ten classes the
 * network of McMahan et al. ("Communication-Efficient Learning of Deep Networks from Decentralized Data", 2017): 1,663,370 parameters.
 */
export const cnnSchema = z.strictObject({
  kind: z.literal("cnn"),
  /** Height, width, channels. */
  image: z.tuple([side, side, z.int().min(1).max(16)]),
  /** Channels of each convolution. */
  filters: z.array(z.int().min(1).max(1024)).min(1).max(6).default([32, 64]),
  /** Side of the kernels, odd, so that the image keeps its size. */
  kernel: z.literal([1, 3, 5, 7]).default(5),
  hidden: z.array(UNITS).max(4).default([512]),
  dropout: z.number().min(0).max(0.9).optional(),
  classes: CLASSES,
});

export function cnn({ image, filters, kernel, hidden, dropout = 0, classes }: z.infer<typeof cnnSchema>): Model {
  const builder = new ModelBuilder();
  const pixels = builder.example("image", "float32", image);
  let activation = builder.graph.node("Transpose", [pixels], { perm: ints([0, 3, 1, 2]) });
  filters.forEach((channels, i) => {
    const convolved = builder.graph.node("Relu", [convolution(builder, `conv${i + 1}`, activation, channels, kernel)]);
    activation = builder.graph.node("MaxPool", [convolved], { kernel_shape: ints([2, 2]), strides: ints([2, 2]) });
  });
  activation = builder.graph.node("Flatten", [activation]);
  hidden.forEach((units, i) => {
    activation = builder.graph.node("Relu", [denseLayer(builder, `dense${i + 1}`, activation, units)]);
    if (dropout > 0) activation = dropOut(builder, activation, dropout);
  });
  return classifying(builder, denseLayer(builder, `dense${hidden.length + 1}`, activation, classes), classes);
}

/** Weights [channels out, channels in, height, width], as ONNX has them. */
function convolution(builder: ModelBuilder, name: string, input: Value, channels: number, kernel: number): Value {
  const inputs = input.shape[1] as number;
  const weight = builder.param(
    `${name}.weight`,
    [channels, inputs, kernel, kernel],
    heUniform(inputs * kernel * kernel),
  );
  const bias = builder.param(`${name}.bias`, [channels], ZEROS);
  return builder.graph.node("Conv", [input, weight, bias], {
    kernel_shape: ints([kernel, kernel]),
    auto_pad: text("SAME_UPPER"),
  });
}
