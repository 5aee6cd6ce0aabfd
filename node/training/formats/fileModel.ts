import type { Model } from "../models/model.ts";
import type { Activation } from "./onnx/head.ts";

/** A model that came from a file, with what is needed to write it out again as it came. */
export interface FileModel {
  readonly model: Model;
  readonly origin: ModelOrigin;
}

export type ModelOrigin = OnnxOrigin;

/** What the graph of a model that came from an ONNX file no longer says. */
export interface OnnxOrigin {
  readonly kind: "onnx";
  /** Names of the examples' inputs in the file. */
  readonly inputs: readonly string[];
  /** Name of the output that is trained. */
  readonly output: string;
  /** What stood between the model's outputs (logits) and that output. */
  readonly activation: Activation;
}
