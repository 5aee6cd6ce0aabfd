import { ints } from "../../../graph/graph.ts";
import type { Attributes, Value } from "../../../graph/graph.ts";
import { fixedSize, inputOf, type LayerCall } from "../layer.ts";
import type { LayerConfig } from "../layerConfig.ts";
import { channelsFirst, moved, type Plane, visible } from "../plane.ts";

/** What convolutions and poolings share: windows over an image with its channels first. */

/** Whether Keras, too, has the channels first. */
function hasChannelsFirst(config: LayerConfig): boolean {
  const format = config.text("data_format", "channels_last").replace("channelsFirst", "channels_first");
  return format === "channels_first";
}

/** The input with its channels first. */
export function imageOf(call: LayerCall, spatial: number): Value {
  const { builder, config } = call;
  const image = hasChannelsFirst(config) ? visible(builder, inputOf(call)) : channelsFirst(builder, inputOf(call));
  if (image.shape.length !== spatial + 2)
    throw config.unsupported(`its input must have ${spatial + 2} axes, not [${image.shape.join(", ")}]`);
  return image;
}

/** The result in the layout that Keras has it in. */
export function imageResult({ config }: LayerCall, value: Value): Plane {
  return hasChannelsFirst(config) ? { value, moved: false } : moved(value);
}

export interface WindowSizes {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
}

/**
 * Strides, dilations and pads. `same` pads as TensorFlow does: as many windows as strides fit, more padding behind than
 * before; `causal` only before.
 */
export function windowAttributes(
  call: LayerCall,
  image: Value,
  { kernel, strides, dilations }: WindowSizes,
): Attributes {
  const mode = call.config.text("padding", "valid").toLowerCase();
  const pads = kernel.map((size, i): readonly [number, number] => {
    const span = (dilations[i] as number) * (size - 1) + 1;
    const stride = strides[i] as number;
    if (mode === "valid") return [0, 0];
    if (mode === "causal") return [span - 1, 0];
    if (mode !== "same") throw call.config.unsupported(`the padding ${mode} is not supported`);
    const length = fixedSize(call, image, i + 2);
    const total = Math.max(0, (Math.ceil(length / stride) - 1) * stride + span - length);
    return [Math.floor(total / 2), Math.ceil(total / 2)];
  });
  return {
    kernel_shape: ints(kernel),
    strides: ints(strides),
    ...(dilations.every((size) => size === 1) ? {} : { dilations: ints(dilations) }),
    ...(pads.flat().every((size) => size === 0)
      ? {}
      : { pads: ints([...pads.map(([before]) => before), ...pads.map(([, after]) => after)]) }),
  };
}
