import { PacelineError } from "../../../core/errors.ts";
import type { Value } from "../../graph/graph.ts";
import type { TensorSpec } from "../../models/model.ts";
import type { ModelBuilder } from "../../models/modelBuilder.ts";
import { freeName } from "../finishModel.ts";
import type { KerasWeight } from "./kerasFile.ts";
import type { LayerConfig } from "./layerConfig.ts";

/** Statistics of batch normalisations. */
const STATISTICS = new Set(["moving_mean", "moving_variance"]);

/** The weights of a file, which become params as layers ask for them. Those of layers that are not trainable are constants. */
export class Weights {
  readonly #model: ModelBuilder;
  readonly #weights: readonly KerasWeight[];
  readonly #values = new Map<string, Value>();

  constructor(model: ModelBuilder, weights: readonly KerasWeight[]) {
    this.#model = model;
    this.#weights = weights;
  }

  /**
   * A weight of a layer, in the layout that it has in the file.
   * @param name such as "kernel"
   * @param index of the weight among its layer's, for files that number them
   * @param scope names that stand before it: the layer's, and of those around it where there are more
   * @throws PacelineError `bad-input` where the file has no such weight, several, or one of another shape
   */
  take(layer: LayerConfig, name: string, index: number, shape: readonly number[], scope = [layer.name]): Value {
    const weight = this.#find(layer, name, index, scope);
    if (weight.shape.join() !== shape.join())
      throw new PacelineError(
        "bad-input",
        `${layer.where()}: the weight "${weight.name}" has the shape [${weight.shape.join(", ")}], the layer wants [${shape.join(", ")}]`,
      );
    const known = this.#values.get(weight.name);
    if (known !== undefined) return known;
    const value = this.#add(weight, layer.flag("trainable", true), STATISTICS.has(name) ? "statistic" : "weight");
    this.#values.set(weight.name, value);
    return value;
  }

  /** Whether there is a weight of that name, for layers whose versions differ. */
  has(scope: readonly string[], name: string): boolean {
    return this.#matching(name, -1, scope).length > 0;
  }

  /** @throws PacelineError `bad-input` where no layer asked for one of the weights */
  requireAllTaken(): void {
    const left = this.#weights.find(({ name }) => !this.#values.has(name));
    if (left !== undefined) throw new PacelineError("bad-input", `the weight "${left.name}" belongs to no layer`);
  }

  #find(layer: LayerConfig, name: string, index: number, scope: readonly string[]): KerasWeight {
    const found = this.#matching(name, index, scope);
    const exact = found.filter((weight) => weight.name === [...scope, name].join("/"));
    const [only] = exact.length === 1 ? exact : found;
    if (only === undefined || (found.length > 1 && exact.length !== 1))
      throw new PacelineError(
        "bad-input",
        `${layer.where()}: the file has ${found.length === 0 ? "no" : "several"} weights "${[...scope, name].join("/")}"`,
      );
    return only;
  }

  #matching(name: string, index: number, scope: readonly string[]): readonly KerasWeight[] {
    return this.#weights.filter((weight) => {
      const parts = weight.name.replace(/:\d+$/, "").split("/");
      const last = parts.at(-1);
      const numbered = parts.at(-2) === "vars" && last === String(index);
      return (last === name || numbered) && scope.every((part) => parts.slice(0, -1).includes(part));
    });
  }

  #add({ name, shape, dtype, data }: KerasWeight, trainable: boolean, role: TensorSpec["role"]): Value {
    if (dtype !== "float32") throw new PacelineError("unsupported", `the weight "${name}" is of ${dtype}`);
    const values = new Float32Array(new Uint8Array(data).buffer);
    if (!values.every(Number.isFinite))
      throw new PacelineError("bad-input", `the weight "${name}" has values that are no finite numbers`);
    return trainable
      ? this.#model.param(freeName(name), shape, { kind: "values", values }, role)
      : this.#model.graph.constant("float32", values, shape);
  }
}
