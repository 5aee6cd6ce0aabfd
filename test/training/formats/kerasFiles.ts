import { normals } from "./exporters.ts";

/** model.json files as the converters of Keras 2 and 3 write them, by hand. */

export interface KerasWeightSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype?: string;
  readonly quantization?: unknown;
}

export interface KerasFiles {
  readonly json: Uint8Array;
  readonly weights: Uint8Array;
  readonly values: Readonly<Record<string, Float32Array>>;
}

export function kerasFiles(
  topology: Readonly<Record<string, unknown>>,
  specs: readonly KerasWeightSpec[],
  paths: readonly string[] = ["group1-shard1of1.bin"],
): KerasFiles {
  const values = Object.fromEntries(
    specs.map(({ name, shape }, i) => [
      name,
      normals(
        shape.reduce((product, size) => product * size, 1),
        40 + i,
      ),
    ]),
  );
  const json = {
    format: "layers-model",
    generatedBy: "keras v2.15.0",
    convertedBy: "TensorFlow.js Converter v4.22.0",
    modelTopology: topology,
    weightsManifest: [{ paths, weights: specs.map((spec) => ({ dtype: "float32", ...spec })) }],
  };
  return {
    json: new TextEncoder().encode(JSON.stringify(json)),
    weights: new Uint8Array(Buffer.concat(specs.map(({ name }) => new Uint8Array(values[name]!.buffer)))),
    values,
  };
}

type Config = Readonly<Record<string, unknown>>;

export const layer = (className: string, config: Config): Config => ({ class_name: className, config });

/** As Python's Keras 2 has it: the model one level deeper, an input layer of its own. */
export function sequential(layers: readonly Config[], inputShape: readonly (number | null)[]): Config {
  const input = layer("InputLayer", { batch_input_shape: [null, ...inputShape], dtype: "float32", name: "input_1" });
  return {
    keras_version: "2.15.0",
    backend: "tensorflow",
    model_config: { class_name: "Sequential", config: { name: "sequential", layers: [input, ...layers] } },
  };
}

/** A tensor of Keras 3. */
const kerasTensor = (name: string, shape: readonly (number | null)[]): Config => ({
  class_name: "__keras_tensor__",
  config: { shape, dtype: "float32", keras_history: [name, 0, 0] },
});

/** Two dense layers of one input, added and softened, as Keras 3 has it. */
export function keras3Functional(): Config {
  const dense = (name: string): Config => ({
    module: "keras.layers",
    class_name: "Dense",
    config: {
      name,
      trainable: true,
      dtype: { module: "keras", class_name: "DTypePolicy", config: { name: "float32" }, registered_name: null },
      units: 3,
      activation: "linear",
      use_bias: true,
    },
    name,
    inbound_nodes: [{ args: [kerasTensor("features", [null, 4])], kwargs: {} }],
  });
  return {
    keras_version: "3.3.3",
    backend: "tensorflow",
    model_config: {
      class_name: "Functional",
      config: {
        name: "functional_1",
        trainable: true,
        layers: [
          {
            class_name: "InputLayer",
            config: { batch_shape: [null, 4], dtype: "float32", sparse: false, name: "features" },
            name: "features",
            inbound_nodes: [],
          },
          dense("left"),
          dense("right"),
          {
            class_name: "Add",
            config: { name: "add", trainable: true },
            name: "add",
            inbound_nodes: [{ args: [[kerasTensor("left", [null, 3]), kerasTensor("right", [null, 3])]], kwargs: {} }],
          },
          {
            class_name: "Activation",
            config: { name: "soft", activation: "hard_sigmoid" },
            name: "soft",
            inbound_nodes: [{ args: [kerasTensor("add", [null, 3])], kwargs: {} }],
          },
        ],
        input_layers: ["features", 0, 0],
        output_layers: ["soft", 0, 0],
      },
    },
  };
}
