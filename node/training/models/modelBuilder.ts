import { GraphBuilder } from "../graph/builder.ts";
import type { ElementType, Value } from "../graph/graph.ts";
import type { Initialiser, LossSpec, Model, TargetSpec, TensorSpec } from "./model.ts";

/** Puts a model's forward pass together; the zoo and the readers of model files build with it. */
export class ModelBuilder {
  readonly graph = new GraphBuilder("model");
  readonly #tensors: TensorSpec[] = [];
  #exampleInputs = 0;

  /** @param shape of one example; before the first `param` */
  example(name: string, type: ElementType, shape: readonly number[]): Value {
    this.#exampleInputs++;
    return this.graph.input(name, type, ["batch", ...shape]);
  }

  param(name: string, shape: readonly number[], initial: Initialiser, role: TensorSpec["role"] = "weight"): Value {
    this.#tensors.push({ name, shape, role, initial });
    return this.graph.input(name, "float32", shape);
  }

  build(outputs: Value, loss: LossSpec, targets: TargetSpec): Model {
    this.graph.output(outputs, "outputs");
    return { graph: this.graph.build(), exampleInputs: this.#exampleInputs, tensors: this.#tensors, loss, targets };
  }
}
