import { int, type Value } from "../../../graph/graph.ts";
import { inputOf, type Layer, layerNode, type Layers } from "../layer.ts";
import { channelsFirst, plain, visible } from "../plane.ts";
import { imageOf, imageResult, windowAttributes } from "./windows.ts";

/** Poolings by windows, and over whole images. Averages do not count padding, in Keras as in ONNX. */

const pooling =
  (operator: string, spatial: number): Layer =>
  (call) => {
    const image = imageOf(call, spatial);
    const kernel = call.config.sizes("pool_size", spatial, 2);
    const strides = call.config.sizes("strides", spatial, kernel);
    const sizes = { kernel, strides, dilations: kernel.map(() => 1) };
    return imageResult(call, layerNode(call, operator, [image], windowAttributes(call, image, sizes)));
  };

const globalPooling =
  (operator: string): Layer =>
  (call) => {
    const { builder, config } = call;
    const first = config.text("data_format", "channels_last").toLowerCase().endsWith("first");
    const image = first ? visible(builder, inputOf(call)) : channelsFirst(builder, inputOf(call));
    const axes = builder.ints(image.shape.slice(2).map((_, i) => i + 2));
    const keep = config.flag("keepdims", false);
    const reduced: Value = layerNode(call, operator, [image, axes], { keepdims: int(keep ? 1 : 0) });
    return keep ? imageResult(call, reduced) : plain(reduced);
  };

export const POOLING_LAYERS: Layers = {
  MaxPooling1D: pooling("MaxPool", 1),
  MaxPooling2D: pooling("MaxPool", 2),
  AveragePooling1D: pooling("AveragePool", 1),
  AveragePooling2D: pooling("AveragePool", 2),
  GlobalMaxPooling1D: globalPooling("ReduceMax"),
  GlobalMaxPooling2D: globalPooling("ReduceMax"),
  GlobalAveragePooling1D: globalPooling("ReduceMean"),
  GlobalAveragePooling2D: globalPooling("ReduceMean"),
};
