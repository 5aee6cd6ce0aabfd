import { TfjsTrainer } from "../../node/training/tfjs/tfjsTrainer.ts";
import { OnnxTrainer } from "../../node/training/onnxTrainer.ts";
import { describeTrainerConformance } from "./trainer.ts";

describeTrainerConformance("ONNX Runtime", (model) => new OnnxTrainer(model));
describeTrainerConformance("tfjs on wasm", (model) => new TfjsTrainer(model, { backend: "wasm" }));
describeTrainerConformance("tfjs on plain JavaScript", (model) => new TfjsTrainer(model, { backend: "cpu" }));
