import { int, ints, type Value } from "../../../graph/graph.ts";
import { fixedSize, type Layer, type LayerCall, layerNode, type Layers, weightOf } from "../layer.ts";
import { activated } from "./activation.ts";
import { imageOf, imageResult, windowAttributes, type WindowSizes } from "./windows.ts";

/** Convolutions. Kernels stay as Keras has them, [height, width, inputs, outputs], and are transposed in the graph. */

function sizesOf({ config }: LayerCall, spatial: number): WindowSizes {
  return {
    kernel: config.sizes("kernel_size", spatial),
    strides: config.sizes("strides", spatial, 1),
    dilations: config.sizes("dilation_rate", spatial, 1),
  };
}

const convolution =
  (spatial: number): Layer =>
  (call) => {
    const { builder, config } = call;
    const image = imageOf(call, spatial);
    const sizes = sizesOf(call, spatial);
    const groups = config.size("groups", 1);
    const channels = fixedSize(call, image, 1);
    const filters = config.size("filters");
    const kernel = weightOf(call, "kernel", 0, [...sizes.kernel, channels / groups, filters]);
    const order = [spatial + 1, spatial, ...Array.from({ length: spatial }, (_, i) => i)];
    const weight = builder.node("Transpose", [kernel], { perm: ints(order) });
    const bias = biasOf(call, 1, filters);
    const attributes = { ...windowAttributes(call, image, sizes), ...(groups === 1 ? {} : { group: int(groups) }) };
    return activated(call, imageResult(call, layerNode(call, "Conv", [image, weight, bias], attributes)));
  };

function biasOf(call: LayerCall, index: number, filters: number): Value | undefined {
  return call.config.flag("use_bias", true) ? weightOf(call, "bias", index, [filters]) : undefined;
}

/** Each channel by kernels of its own: kernel [height, width, inputs, multiplier]. */
function depthwise(call: LayerCall, image: Value, name: string, bias: (channels: number) => Value | undefined): Value {
  const { builder, config } = call;
  const sizes = sizesOf(call, 2);
  const channels = fixedSize(call, image, 1);
  const multiplier = config.size("depth_multiplier", 1);
  const kernel = weightOf(call, name, 0, [...sizes.kernel, channels, multiplier]);
  const byChannel = builder.node("Transpose", [kernel], { perm: ints([2, 3, 0, 1]) });
  const outputs = channels * multiplier;
  const weight = builder.node("Reshape", [byChannel, builder.ints([outputs, 1, ...sizes.kernel])]);
  const attributes = { ...windowAttributes(call, image, sizes), group: int(channels) };
  return layerNode(call, "Conv", [image, weight, bias(outputs)], attributes);
}

const depthwiseConv2d: Layer = (call) => {
  const name = call.weights.has(call.scope, "depthwise_kernel") ? "depthwise_kernel" : "kernel";
  const image = imageOf(call, 2);
  return activated(
    call,
    imageResult(
      call,
      depthwise(call, image, name, (outputs) => biasOf(call, 1, outputs)),
    ),
  );
};

/** Depthwise, then one by one: pointwise kernel [1, 1, inputs · multiplier, outputs]. */
const separableConv2d: Layer = (call) => {
  const { builder, config } = call;
  const apart = depthwise(call, imageOf(call, 2), "depthwise_kernel", () => undefined);
  const filters = config.size("filters");
  const kernel = weightOf(call, "pointwise_kernel", 1, [1, 1, fixedSize(call, apart, 1), filters]);
  const weight = builder.node("Transpose", [kernel], { perm: ints([3, 2, 0, 1]) });
  const joined = layerNode(call, "Conv", [apart, weight, biasOf(call, 2, filters)], { kernel_shape: ints([1, 1]) });
  return activated(call, imageResult(call, joined));
};

export const CONVOLUTION_LAYERS: Layers = {
  Conv1D: convolution(1),
  Conv2D: convolution(2),
  DepthwiseConv2D: depthwiseConv2d,
  SeparableConv2D: separableConv2d,
};
