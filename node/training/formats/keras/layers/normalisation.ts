import { axisOf } from "../../../graph/attributes.ts";
import { float, int, isConstant, type Value } from "../../../graph/graph.ts";
import { frozenNormalisation } from "../../frozenNormalisation.ts";
import { asFloat, fixedSize, inputOf, type Layer, type LayerCall, layerNode, type Layers, weightOf } from "../layer.ts";
import { channelsFirst, moved, type Plane, plain, visible } from "../plane.ts";

const batchNormalization: Layer = (call) => {
  const { builder, config } = call;
  const input = inputOf(call);
  const rank = input.value.shape.length;
  const axis = axisOf(axisFrom(call), rank);
  if (axis !== rank - 1 && axis !== 1) throw config.unsupported(`it is over the axis ${axis}`);
  const last = axis === rank - 1;
  const x = last ? channelsFirst(builder, input) : visible(builder, input);
  const size = [fixedSize(call, x, 1)];
  const { scale, bias, next } = scaleAndBias(call, size);
  const mean = weightOf(call, "moving_mean", next, size);
  const variance = weightOf(call, "moving_variance", next + 1, size);
  const epsilon = config.number("epsilon", 1e-3);
  const normal = isConstant(mean)
    ? frozenNormalisation(builder, x, { scale, bias, mean, variance }, epsilon)
    : layerNode(call, "BatchNormalization", [x, scale, bias, mean, variance], {
        epsilon: float(epsilon),
        momentum: float(config.number("momentum", 0.99)),
      });
  return last ? moved(normal) : plain(normal);
};

/** A number, or a list of one. */
function axisFrom({ config }: LayerCall): number {
  const axis = Array.isArray(config.raw("axis")) ? config.integers("axis") : [config.number("axis", -1)];
  const [only] = axis;
  if (only === undefined || axis.length > 1) throw config.unsupported("it is over several axes");
  return only;
}

/** gamma and beta; ones and zeros where the layer has none. */
function scaleAndBias(call: LayerCall, size: readonly number[]): { scale: Value; bias: Value; next: number } {
  const { builder, config } = call;
  const length = size.reduce((product, each) => product * each, 1);
  const filled = (value: number): Value => builder.constant("float32", new Float32Array(length).fill(value), size);
  const [scaled, centred] = [config.flag("scale", true), config.flag("center", true)];
  const scale = scaled ? weightOf(call, "gamma", 0, size) : filled(1);
  const bias = centred ? weightOf(call, "beta", Number(scaled), size) : filled(0);
  return { scale, bias, next: Number(scaled) + Number(centred) };
}

const layerNormalization: Layer = (call) => {
  const { builder, config } = call;
  const x = visible(builder, inputOf(call));
  const rank = x.shape.length;
  if (axisOf(axisFrom(call), rank) !== rank - 1) throw config.unsupported("it is over another axis than the last");
  const { scale, bias } = scaleAndBias(call, [fixedSize(call, x, -1)]);
  const attributes = { axis: int(-1), epsilon: float(config.number("epsilon", 1e-3)) };
  return plain(layerNode(call, "LayerNormalization", [x, scale, bias], attributes));
};

/** x · scale + offset. */
const rescaling: Layer = (call) => {
  const { builder, config } = call;
  const { value, moved: isMoved } = inputOf(call);
  const scaled = builder.node("Mul", [asFloat(builder, value), builder.floats([config.number("scale")], [])]);
  const result: Plane = {
    value: layerNode(call, "Add", [scaled, builder.floats([config.number("offset", 0)], [])]),
    moved: isMoved,
  };
  return result;
};

export const NORMALISATION_LAYERS: Layers = {
  BatchNormalization: batchNormalization,
  BatchNormalizationV1: batchNormalization,
  LayerNormalization: layerNormalization,
  Rescaling: rescaling,
};
