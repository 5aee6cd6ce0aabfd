import { PacelineError } from "../../core/errors.ts";
import { checkParams } from "../checkExamples.ts";
import type { Value } from "../graph/graph.ts";
import { type Model, tensorSlots } from "../models/model.ts";
import { clampVariances } from "./clampVariances.ts";
import type { ModelOrigin } from "./fileModel.ts";
import { freeName } from "./finishModel.ts";
import type { KerasFile } from "./keras/kerasFile.ts";
import type { Activation } from "./outputs.ts";
import type { Provenance } from "./provenance.ts";
import { ACTIVATION_WRITERS } from "./tfjs/activation.ts";
import { CONVOLUTION_WRITERS } from "./tfjs/convolution.ts";
import { DENSE_WRITERS } from "./tfjs/dense.ts";
import { floatWeight, type NamedFile, writeLayersFiles } from "./tfjs/layersFile.ts";
import { RECURRENT_WRITERS } from "./tfjs/recurrent.ts";
import { STRUCTURE_WRITERS } from "./tfjs/structure.ts";
import { Walk, type WrittenLayer } from "./tfjs/walk.ts";
import type { Writers } from "./tfjs/writers.ts";

const WRITERS: Writers = {
  ...ACTIVATION_WRITERS,
  ...CONVOLUTION_WRITERS,
  ...DENSE_WRITERS,
  ...RECURRENT_WRITERS,
  ...STRUCTURE_WRITERS,
};

/**
 * Writes a model with its params for `tf.loadLayersModel`: a model.json and its weights. A model that came from a model.json gets
 * its own layers back; any other is written where it is a chain of nodes that layers can do.
 * @param params the flat vector
 * @throws PacelineError `unsupported` naming the node that no layer can do
 */
export function exportTfjs(
  model: Model,
  params: Float32Array,
  provenance: Provenance,
  origin?: ModelOrigin,
): readonly NamedFile[] {
  checkParams(model, params);
  const written = clampVariances(model, params);
  if (origin?.keras !== undefined) return withParams(origin.keras, model, written, provenance);
  const walk = new Walk(model, written);
  if (model.exampleInputs !== 1)
    throw new PacelineError(
      "unsupported",
      `the model cannot be written as TensorFlow.js layers: it reads ${model.exampleInputs} inputs, and only chains of layers are written`,
    );
  while (!walk.done) {
    const node = walk.reader();
    const write = Object.hasOwn(WRITERS, node.operator) ? WRITERS[node.operator] : undefined;
    if (write === undefined) throw walk.failure(node);
    write(walk, node);
  }
  walk.settle();
  finish(walk, origin?.activation ?? "none");
  const json = {
    format: "layers-model",
    generatedBy: "paceline",
    convertedBy: null,
    modelTopology: topologyOf(model, walk.layers),
  };
  return writeLayersFiles(json, walk.weights, provenance);
}

/** A pair of probabilities is told as that of yes. */
const NAMES: Readonly<Record<Exclude<Activation, "none">, string>> = {
  softmax: "softmax",
  "log-softmax": "logSoftmax",
  sigmoid: "sigmoid",
  "sigmoid-pair": "sigmoid",
};

function finish(walk: Walk, activation: Activation): void {
  if (activation !== "none") walk.layer("Activation", { activation: NAMES[activation] });
}

function topologyOf({ graph }: Model, layers: readonly WrittenLayer[]): unknown {
  const { name, type, shape } = graph.inputs[0] as Value;
  const input = {
    class_name: "InputLayer",
    config: {
      batch_input_shape: [null, ...shape.slice(1)],
      dtype: type === "float32" ? "float32" : "int32",
      sparse: false,
      // a name in a scope of TensorFlow's
      name: name.replace(/[^A-Za-z0-9_.-]/g, "_"),
    },
  };
  return {
    class_name: "Sequential",
    config: { name: "model", layers: [input, ...layers] },
    keras_version: "tfjs-layers 4.22.0",
    backend: "tensor_flow.js",
  };
}

function withParams(
  { json, weights }: KerasFile,
  { tensors }: Model,
  params: Float32Array,
  provenance: Provenance,
): readonly NamedFile[] {
  const slots = new Map(tensorSlots(tensors).map((slot) => [slot.name, slot]));
  const trained = weights.map((weight) => {
    const slot = slots.get(freeName(weight.name));
    if (slot === undefined) return weight;
    return floatWeight(weight.name, weight.shape, params.subarray(slot.offset, slot.offset + slot.length));
  });
  return writeLayersFiles(json, trained, provenance);
}
