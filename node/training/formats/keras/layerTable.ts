import type { Layer, LayerCall, Layers } from "./layer.ts";
import { LayerConfig } from "./layerConfig.ts";
import { ACTIVATION_LAYERS } from "./layers/activation.ts";
import { CONVOLUTION_LAYERS } from "./layers/convolution.ts";
import { DENSE_LAYERS } from "./layers/dense.ts";
import { MERGE_LAYERS } from "./layers/merge.ts";
import { NORMALISATION_LAYERS } from "./layers/normalisation.ts";
import { POOLING_LAYERS } from "./layers/pooling.ts";
import { innerConfig, RECURRENT_LAYERS } from "./layers/recurrent.ts";
import { STRUCTURE_LAYERS } from "./layers/structure.ts";
import type { Plane } from "./plane.ts";

const LAYERS: Layers = {
  ...ACTIVATION_LAYERS,
  ...CONVOLUTION_LAYERS,
  ...DENSE_LAYERS,
  ...MERGE_LAYERS,
  ...NORMALISATION_LAYERS,
  ...POOLING_LAYERS,
  ...RECURRENT_LAYERS,
  ...STRUCTURE_LAYERS,
};

/** Layers that act on the last axis, so that every step is the same to them. */
const BY_STEP = new Set(["Dense", "Activation"]);

/** @throws PacelineError `unsupported` naming a layer of a class that is not known */
export function callLayer(call: LayerCall): Plane {
  const { config } = call;
  if (config.className !== "TimeDistributed") return layerOf(config)(call);
  const inner = innerConfig(config);
  if (!BY_STEP.has(inner.className)) throw config.unsupported(`${inner.className} step by step is not supported`);
  // the wrapper's name is what errors and weights go by
  const own = { ...call, config: new LayerConfig(config.name, inner.className, inner.all(), config.file) };
  return layerOf(own.config)(own);
}

function layerOf(config: LayerConfig): Layer {
  const layer = Object.hasOwn(LAYERS, config.className) ? LAYERS[config.className] : undefined;
  if (layer === undefined) throw config.unsupported("layers of this class are not supported");
  return layer;
}
