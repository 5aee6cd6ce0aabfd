import type { Model } from "../models/model.ts";
import type { KerasFile } from "./keras/kerasFile.ts";
import type { Activation } from "./outputs.ts";

/** A model that came from a file, with what is needed to write it out again as it came. */
export interface FileModel {
  readonly model: Model;
  readonly origin: ModelOrigin;
}

/** What a model's graph no longer says of the file that it came from. */
export interface ModelOrigin {
  /** Names of the examples' inputs in the file. */
  readonly inputs: readonly string[];
  /** Name of the output that is trained. */
  readonly output: string;
  /** What stood between the model's outputs (logits) and that output. */
  readonly activation: Activation;
  /** Where it came from a model.json: all that is in it. */
  readonly keras?: KerasFile;
}
