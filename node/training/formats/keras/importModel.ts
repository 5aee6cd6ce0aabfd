import { PacelineError } from "../../../core/errors.ts";
import type { Value } from "../../graph/graph.ts";
import { ModelBuilder } from "../../models/modelBuilder.ts";
import type { FileModel } from "../fileModel.ts";
import { finishModel, freeName } from "../finishModel.ts";
import { type Activation, type LossKind, takeOff } from "../outputs.ts";
import { addInputs, callTopology } from "./callTopology.ts";
import { readKerasFile } from "./kerasFile.ts";
import { LayerBudget } from "./layerBudget.ts";
import { LayerConfig, LayerFile } from "./layerConfig.ts";
import { activationName, softmaxAxis } from "./layers/activation.ts";
import { innerConfig } from "./layers/recurrent.ts";
import { plain, visible } from "./plane.ts";
import { type LayerNode, readTopology, type TensorRef, type Topology } from "./topology.ts";
import { Weights } from "./weights.ts";

export interface KerasOptions {
  /** As for ONNX files: by default what the final activation fits. */
  readonly loss?: LossKind | undefined;
  /** Of one example, by input, where the file leaves sizes open. */
  readonly inputShapes?: Readonly<Record<string, readonly number[]>> | undefined;
}

/**
 * Rebuilds a Keras model, as TensorFlow.js has it in `model.json`, as a graph. Weights keep the names and layouts that they have in the
 * file, so that they can be written back; those of layers that are not trainable are constants. A final softmax or sigmoid is left to
 * the loss.
 * @param files the contents of the weight files, in the order of `weightFilesOf`
 * @throws PacelineError `bad-input` or `unsupported`, naming the layer where there is one
 */
export function importKeras(json: Uint8Array, files: readonly Uint8Array[], options: KerasOptions = {}): FileModel {
  const file = readKerasFile(json, files);
  const topology = readTopology(file.json["modelTopology"] as Record<string, unknown>);
  const layerFile = new LayerFile(kerasVersion(file.json["modelTopology"] as Record<string, unknown>));
  const output = onlyOutput(topology);
  const { activation, loss } = takeOff(finalActivation(topology, output, layerFile), options.loss, output.layer);
  const builder = new ModelBuilder();
  const weights = new Weights(builder, file.weights);
  const inputs = addInputs(topology, layerFile, options.inputShapes ?? {}, (name, type, shape) =>
    plain(builder.example(freeName(name), type, shape)),
  );
  const [outputs] = callTopology(topology, inputs, {
    builder: builder.graph,
    weights,
    file: layerFile,
    budget: new LayerBudget(),
    bare: activation === "none" ? undefined : output,
  });
  weights.requireAllTaken();
  const end = copied(builder, visible(builder.graph, outputs!));
  const model = finishModel(builder, end, output.layer, loss);
  return {
    model,
    origin: { inputs: topology.inputs.map(({ layer }) => layer), output: output.layer, activation, keras: file },
  };
}

/** 2 where the file does not say; tfjs is as Keras 2 is. */
function kerasVersion(topology: Readonly<Record<string, unknown>>): number {
  const version = topology["keras_version"];
  const major = typeof version === "string" ? Number.parseInt(version, 10) : NaN;
  return Number.isNaN(major) ? 2 : major;
}

function onlyOutput({ outputs }: Topology): TensorRef {
  const [only] = outputs;
  if (only === undefined || outputs.length > 1)
    throw new PacelineError("unsupported", `the model has ${outputs.length} outputs; one is supported`);
  return only;
}

/** What the loss can do instead of the output's layer. */
function finalActivation({ layers }: Topology, { layer }: TensorRef, file: LayerFile): Activation {
  const node = layers.find(({ name }) => name === layer);
  const name = node === undefined ? "" : ownActivation(node, file);
  return name === "softmax" || name === "sigmoid" ? name : "none";
}

const WITH_ACTIVATION = new Set(["Activation", "Dense", "Conv1D", "Conv2D", "DepthwiseConv2D", "SeparableConv2D"]);

function ownActivation({ name, className, config }: LayerNode, file: LayerFile): string {
  const own = new LayerConfig(name, className, config, file);
  const inner = className === "TimeDistributed" ? innerConfig(own) : own;
  if (inner.className === "Softmax") return softmaxAxis(inner) === -1 ? "softmax" : "";
  return WITH_ACTIVATION.has(inner.className) ? activationName(inner) : "";
}

/** A model whose output is its input still has a node. */
function copied({ graph }: ModelBuilder, value: Value): Value {
  return graph.producerOf(value) === undefined ? graph.node("Identity", [value]) : value;
}
