import { PacelineError } from "../core/errors.ts";
import type { Model } from "./models/model.ts";
import type { SessionSettings } from "./onnx/sessionSettings.ts";
import type { TfjsSettings, TfjsTrainer } from "./tfjs/tfjsTrainer.ts";
import type { Trainer } from "./trainer.ts";

/** What a trainer computes with. */
export const ENGINES = ["onnx", "tfjs"] as const;
export type EngineName = (typeof ENGINES)[number];

export type EngineSettings =
  ({ readonly engine: "onnx" } & SessionSettings) | ({ readonly engine: "tfjs" } & TfjsSettings);

/** One thread of the CPU: fastest for small models, and the same bits on every run. */
export const USUAL_ENGINE: EngineSettings = { engine: "onnx", threads: 1 };

/**
 * A trainer in this thread. An engine is loaded when it is first needed.
 * @throws PacelineError `unsupported` where the engine lacks an operator of the model, or cannot be loaded
 */
export async function openEngine(model: Model, settings: EngineSettings): Promise<Trainer> {
  if (settings.engine === "onnx") return new (await import("./onnxTrainer.ts")).OnnxTrainer(model, settings);
  return new (await loadTfjs()).TfjsTrainer(model, settings);
}

async function loadTfjs(): Promise<{ readonly TfjsTrainer: typeof TfjsTrainer }> {
  try {
    return await import("./tfjs/tfjsTrainer.ts");
  } catch (error) {
    throw new PacelineError("unsupported", "TensorFlow.js could not be loaded: is it installed?", {}, error);
  }
}
