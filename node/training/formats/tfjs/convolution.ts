import { floatOf, intOf, intsOf } from "../../graph/attributes.ts";
import type { Node, Value } from "../../graph/graph.ts";
import { type Windows, windowsOf } from "../../graph/shapes/layers.ts";
import { type Numbers, reshaped, transposed } from "./tensor.ts";
import type { Walk } from "./walk.ts";
import type { Writer, Writers } from "./writers.ts";

/** Convolutions, poolings and batch normalisation, with the channels last. */

type Padding = "valid" | "same";

/** How Keras says a node's padding; undefined where it cannot. */
function paddingOf(
  { padsBefore, padsAfter, kernel, strides, dilations, outputs }: Windows,
  sizes: readonly number[],
): Padding | undefined {
  const span = (i: number): number => (dilations[i] as number) * ((kernel[i] as number) - 1) + 1;
  const fits = (wanted: (i: number) => readonly [before: number, after: number, outputs: number]): boolean =>
    sizes.every((_, i) => [padsBefore[i], padsAfter[i], outputs[i]].join() === wanted(i).join());
  const windows = (i: number): number => Math.floor(((sizes[i] as number) - span(i)) / (strides[i] as number)) + 1;
  if (fits((i) => [0, 0, windows(i)])) return "valid";
  const same = fits((i) => {
    const count = Math.ceil((sizes[i] as number) / (strides[i] as number));
    const total = Math.max(0, (count - 1) * (strides[i] as number) + span(i) - (sizes[i] as number));
    return [Math.floor(total / 2), Math.ceil(total / 2), count];
  });
  return same ? "same" : undefined;
}

function spatialOf(walk: Walk, node: Node): readonly number[] {
  const sizes = walk.at.shape.slice(2);
  if (sizes.length < 1 || sizes.length > 2 || !sizes.every((size) => typeof size === "number"))
    throw walk.failure(node);
  return sizes;
}

const conv: Writer = (walk, node) => {
  const [x, w, b] = node.inputs;
  const [weight, bias] = [walk.numbers(w), walk.numbers(b)];
  if (x?.name !== walk.at.name || weight === undefined || (b !== undefined && bias === undefined))
    throw walk.failure(node);
  const sizes = spatialOf(walk, node);
  const windows = windowsOf("Conv", node.attributes, sizes, weight.shape.slice(2));
  walk.channelsLast();
  const padding = paddingOf(windows, sizes) ?? padBefore(walk, node, windows);
  const config = {
    kernel_size: windows.kernel,
    strides: windows.strides,
    dilation_rate: windows.dilations,
    padding,
    data_format: "channels_last",
    activation: "linear",
    use_bias: bias !== undefined,
  };
  const spatial = sizes.map((_, i) => i + 2);
  const groups = intOf(node.attributes, "group", 1);
  if (groups === 1) {
    const kernel = transposed(weight, [...spatial, 1, 0]);
    walk.layer(`Conv${sizes.length}D`, { ...config, filters: weight.shape[0] }, { kernel, bias });
  } else depthwise(walk, node, groups, config, weight, bias);
  walk.moveTo(node.outputs[0] as Value);
};

/** Zeros around the image as a layer of their own; there is none for steps. */
function padBefore(walk: Walk, node: Node, { padsBefore, padsAfter, kernel }: Windows): Padding {
  if (kernel.length !== 2) throw walk.failure(node, "its padding is neither valid nor same");
  const padding = padsBefore.map((before, i) => [before, padsAfter[i]]);
  walk.layer("ZeroPadding2D", { padding, data_format: "channels_last" });
  return "valid";
}

/** [channels · multiplier, 1, height, width] as [height, width, channels, multiplier]. */
function depthwise(
  walk: Walk,
  node: Node,
  groups: number,
  config: Readonly<Record<string, unknown>>,
  weight: Numbers,
  bias: Numbers | undefined,
): void {
  const [outputs, inputs, ...kernel] = weight.shape as [number, number, ...number[]];
  if (inputs !== 1 || kernel.length !== 2) throw walk.failure(node, "groups of several channels");
  const byChannel = reshaped(weight, [groups, outputs / groups, ...kernel]);
  const depthwise_kernel = transposed(byChannel, [2, 3, 0, 1]);
  walk.layer("DepthwiseConv2D", { ...config, depth_multiplier: outputs / groups }, { depthwise_kernel, bias });
}

const pool =
  (kind: "Max" | "Average"): Writer =>
  (walk, node) => {
    const sizes = spatialOf(walk, node);
    const kernel = intsOf(node.attributes, "kernel_shape") ?? [];
    const windows = windowsOf(node.operator, node.attributes, sizes, kernel);
    const padding = paddingOf(windows, sizes);
    const countsPads = padding === "same" && intOf(node.attributes, "count_include_pad", 0) === 1;
    if (padding === undefined || countsPads || windows.dilations.some((size) => size !== 1))
      throw walk.failure(node, "its windows are not Keras's");
    walk.channelsLast();
    const config = { pool_size: kernel, strides: windows.strides, padding, data_format: "channels_last" };
    walk.layer(`${kind}Pooling${sizes.length}D`, config);
    walk.moveTo(node.outputs[0] as Value);
  };

/** Over whole images; ONNX keeps their axes, as ones. */
const globalPool =
  (kind: "Max" | "Average"): Writer =>
  (walk, node) => {
    const sizes = spatialOf(walk, node);
    walk.channelsLast();
    const channels = walk.at.shape[1] as number;
    walk.layer(`Global${kind}Pooling${sizes.length}D`, sizes.length === 2 ? { data_format: "channels_last" } : {});
    walk.layer("Reshape", { target_shape: [...sizes.map(() => 1), channels] });
    walk.moveTo(node.outputs[0] as Value);
  };

/** Over all axes but batch and channels, without keeping them. */
const reduceMean: Writer = (walk, node) => {
  const [, axes] = node.inputs;
  const over = axes !== undefined && "data" in axes ? Array.from(axes.data as BigInt64Array, Number).join() : "";
  const keeps = intOf(node.attributes, "keepdims", 1) === 1;
  const image = walk.layout === "channels-last" && walk.at.shape.length === 4 && (over === "2,3" || over === "-2,-1");
  const steps = walk.layout === "same" && walk.at.shape.length === 3 && (over === "1" || over === "-2");
  if (keeps || (!image && !steps)) throw walk.failure(node);
  walk.layer(
    image ? "GlobalAveragePooling2D" : "GlobalAveragePooling1D",
    image ? { data_format: "channels_last" } : {},
  );
  walk.layout = "same";
  walk.moveTo(node.outputs[0] as Value);
};

const batchNormalization: Writer = (walk, node) => {
  const [gamma, beta, moving_mean, moving_variance] = node.inputs.slice(1).map((input) => walk.numbers(input));
  if (gamma === undefined || beta === undefined || moving_mean === undefined || moving_variance === undefined)
    throw walk.failure(node);
  if (walk.at.shape.length > 2) walk.channelsLast();
  const config = {
    axis: -1,
    epsilon: floatOf(node.attributes, "epsilon", 1e-5),
    momentum: floatOf(node.attributes, "momentum", 0.9),
    center: true,
    scale: true,
  };
  walk.layer("BatchNormalization", config, { gamma, beta, moving_mean, moving_variance });
  walk.moveTo(node.outputs[0] as Value);
};

export const CONVOLUTION_WRITERS: Writers = {
  Conv: conv,
  MaxPool: pool("Max"),
  AveragePool: pool("Average"),
  GlobalAveragePool: globalPool("Average"),
  GlobalMaxPool: globalPool("Max"),
  ReduceMean: reduceMean,
  BatchNormalization: batchNormalization,
};
