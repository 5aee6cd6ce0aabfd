import type { GraphBuilder } from "../../../graph/builder.ts";
import { float, int, type Value } from "../../../graph/graph.ts";
import { inputOf, type Layer, type LayerCall, layerNode, type Layers, weightOf } from "../layer.ts";
import type { LayerConfig } from "../layerConfig.ts";
import { type Plane, plain, visible } from "../plane.ts";

/** Keras's activations, by name and as layers (keras.io/api/layers/activations). */

type Activate = (builder: GraphBuilder, x: Value, config: LayerConfig) => Value;

const node =
  (operator: string, attributes: Parameters<GraphBuilder["node"]>[2] = {}): Activate =>
  (builder, x, config) =>
    builder.node(operator, [x], attributes, config.nodeName());

const SIXTH = 1 / 6;

/** Keras 3 gave it the slope of relu6(x + 3) / 6; before, and in tfjs, it is 0.2. */
const hardSigmoid: Activate = (builder, x, config) =>
  builder.node(
    "HardSigmoid",
    [x],
    { alpha: float(config.file.version >= 3 ? SIXTH : 0.2), beta: float(0.5) },
    config.nodeName(),
  );

const relu6: Activate = (builder, x, config) =>
  builder.node("Clip", [x, builder.floats([0], []), builder.floats([6], [])], {}, config.nodeName());

const softsign: Activate = (builder, x, config) =>
  builder.node(
    "Div",
    [x, builder.node("Add", [builder.node("Abs", [x]), builder.floats([1], [])])],
    {},
    config.nodeName(),
  );

const swish: Activate = (builder, x, config) =>
  builder.node("Mul", [x, builder.node("Sigmoid", [x])], {}, config.nodeName());

const mish: Activate = (builder, x, config) =>
  builder.node("Mul", [x, builder.node("Tanh", [builder.node("Softplus", [x])])], {}, config.nodeName());

const ACTIVATIONS: Readonly<Record<string, Activate>> = {
  linear: (_builder, x) => x,
  relu: node("Relu"),
  relu6,
  sigmoid: node("Sigmoid"),
  hardsigmoid: hardSigmoid,
  tanh: node("Tanh"),
  softmax: node("Softmax", { axis: int(-1) }),
  logsoftmax: node("LogSoftmax", { axis: int(-1) }),
  elu: node("Elu"),
  selu: node("Selu"),
  softplus: node("Softplus"),
  softsign,
  swish,
  silu: swish,
  mish,
  gelu: node("Gelu"),
  gelunew: node("Gelu", { approximate: { kind: "string", value: "tanh" } }),
  exponential: node("Exp"),
  exp: node("Exp"),
};

/** One spelling for hard_sigmoid and hardSigmoid. */
function plainName(name: string): string {
  return name.replaceAll("_", "").toLowerCase();
}

/** The activation under a key of a layer's config, by its plain name. */
export function activationName(config: LayerConfig, key = "activation", otherwise = "linear"): string {
  return plainName(config.text(key, otherwise));
}

/** @throws PacelineError `unsupported` naming the layer and the activation */
export function activate(builder: GraphBuilder, x: Value, name: string, config: LayerConfig): Value {
  const activation = Object.hasOwn(ACTIVATIONS, name) ? ACTIVATIONS[name] : undefined;
  if (activation === undefined) throw config.unsupported(`the activation ${name} is not supported`);
  return activation(builder, x, config);
}

/** The layer's own activation behind what it computes. */
export function activated(call: LayerCall, { value, moved }: Plane): Plane {
  if (call.withoutActivation) return { value, moved };
  const name = activationName(call.config);
  if (name.includes("softmax"))
    return plain(activate(call.builder, visible(call.builder, { value, moved }), name, call.config));
  return { value: activate(call.builder, value, name, call.config), moved };
}

const activationLayer: Layer = (call) => activated(call, inputOf(call));

const elementwise =
  (compute: (call: LayerCall, x: Value) => Value): Layer =>
  (call) => {
    const { value, moved } = inputOf(call);
    return { value: compute(call, value), moved };
  };

/** max_value, negative_slope and threshold in one. */
const relu = elementwise((call, x) => {
  const { builder, config } = call;
  if (config.number("threshold", 0) !== 0) throw config.unsupported("a threshold other than 0 is not supported");
  const slope = config.number("negative_slope", 0);
  const bent = slope === 0 ? layerNode(call, "Relu", [x]) : layerNode(call, "LeakyRelu", [x], { alpha: float(slope) });
  if (config.raw("max_value") === undefined) return bent;
  return builder.node("Min", [bent, builder.floats([config.number("max_value")], [])]);
});

const leakyRelu = elementwise((call, x) => {
  const key = call.config.raw("negative_slope") === undefined ? "alpha" : "negative_slope";
  return layerNode(call, "LeakyRelu", [x], { alpha: float(call.config.number(key, 0.3)) });
});

const elu = elementwise((call, x) => layerNode(call, "Elu", [x], { alpha: float(call.config.number("alpha", 1)) }));

/** Its slopes are of the input's shape without the batch, with ones on shared axes. */
const pRelu: Layer = (call) => {
  const x = visible(call.builder, inputOf(call));
  const shared = call.config.raw("shared_axes") === undefined ? [] : call.config.integers("shared_axes");
  const shape = x.shape.slice(1).map((size, i) => (shared.includes(i + 1) ? 1 : (size as number)));
  return plain(layerNode(call, "PRelu", [x, weightOf(call, "alpha", 0, shape)]));
};

const softmax: Layer = (call) => {
  if (call.withoutActivation) return inputOf(call);
  const x = visible(call.builder, inputOf(call));
  return plain(layerNode(call, "Softmax", [x], { axis: int(softmaxAxis(call.config)) }));
};

export function softmaxAxis(config: LayerConfig): number {
  return config.number("axis", -1);
}

export const ACTIVATION_LAYERS: Layers = {
  Activation: activationLayer,
  ReLU: relu,
  LeakyReLU: leakyRelu,
  ELU: elu,
  PReLU: pRelu,
  Softmax: softmax,
};
