import { fixedSize, inputOf, type Layer, layerNode, type Layers, weightOf, asFloat } from "../layer.ts";
import { plain, visible } from "../plane.ts";
import { activated } from "./activation.ts";

/** x · kernel + bias on the last axis; kernel [inputs, units]. */
const dense: Layer = (call) => {
  const { builder, config } = call;
  const x = asFloat(builder, visible(builder, inputOf(call)));
  const units = config.size("units");
  const kernel = weightOf(call, "kernel", 0, [fixedSize(call, x, -1), units]);
  const bias = config.flag("use_bias", true) ? weightOf(call, "bias", 1, [units]) : undefined;
  if (x.shape.length === 2) return activated(call, plain(layerNode(call, "Gemm", [x, kernel, bias])));
  const product = layerNode(call, "MatMul", [x, kernel]);
  return activated(call, plain(bias === undefined ? product : layerNode(call, "Add", [product, bias])));
};

/** Rows of a table by number. */
const embedding: Layer = (call) => {
  const { builder, config } = call;
  config.refuse("mask_zero", "masks are not supported; without it, padding is embedded as any other number");
  const ids = visible(builder, inputOf(call));
  const numbers = ids.type === "float32" ? builder.node("Cast", [ids], { to: { kind: "int", value: 6 } }) : ids;
  const table = weightOf(call, "embeddings", 0, [config.size("input_dim"), config.size("output_dim")]);
  return plain(layerNode(call, "Gather", [table, numbers]));
};

export const DENSE_LAYERS: Layers = { Dense: dense, Embedding: embedding };
