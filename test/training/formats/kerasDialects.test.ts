import { expect } from "chai";
import { describe, it } from "mocha";
import { PacelineError } from "../../../node/core/errors.ts";
import { weightFilesOf } from "../../../node/training/formats/keras/kerasFile.ts";
import { importKeras, type KerasOptions } from "../../../node/training/formats/keras/importModel.ts";
import fc from "fast-check";
import { codeOf } from "../../helpers/errors.ts";
import { SEEDED } from "../../helpers/seeded.ts";
import { normals } from "./exporters.ts";
import { keras3Functional, type KerasFiles, kerasFiles, layer, sequential } from "./kerasFiles.ts";
import { floatTensor, largestDifference, runModel, sigmoid } from "./runModel.ts";

const dense = layer("Dense", { name: "dense", units: 2, activation: "linear", use_bias: true });
const denseWeights = [
  { name: "dense/kernel", shape: [4, 2] },
  { name: "dense/bias", shape: [2] },
];

function refusal({ json, weights }: Pick<KerasFiles, "json" | "weights">, options?: KerasOptions): string {
  try {
    importKeras(json, [weights], options);
  } catch (error) {
    if (error instanceof PacelineError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "none";
}

/** One value of x · kernel + bias. */
function product(
  x: ArrayLike<number>,
  kernel: Float32Array,
  bias: Float32Array | undefined,
  column: number,
  columns: number,
): number {
  let sum = bias?.[column] ?? 0;
  for (let i = 0; i < x.length; i++) sum += x[i]! * kernel[i * columns + column]!;
  return sum;
}

/** Keras's GRU with reset_after, from its documentation, on one sequence; z, r and the candidate behind each other. */
function gruResetAfter(
  steps: readonly (readonly number[])[],
  kernel: Float32Array,
  recurrent: Float32Array,
  bias: Float32Array,
  units: number,
): number[] {
  const width = 3 * units;
  const [inputBias, stateBias] = [bias.subarray(0, width), bias.subarray(width)];
  let h: number[] = new Array<number>(units).fill(0);
  for (const x of steps) {
    const before = h;
    h = before.map((value, i) => {
      const own = (gate: number): number => product(x, kernel, inputBias, gate * units + i, width);
      const state = (gate: number): number => product(before, recurrent, stateBias, gate * units + i, width);
      const z = sigmoid(own(0) + state(0));
      const r = sigmoid(own(1) + state(1));
      return z * value + (1 - z) * Math.tanh(own(2) + r * state(2));
    });
  }
  return h;
}

describe("a model.json of Keras", () => {
  it("of version 2 has its model a level deeper, and its names with cells", async () => {
    const gru = layer("GRU", {
      name: "gru",
      units: 3,
      activation: "tanh",
      recurrent_activation: "sigmoid",
      use_bias: true,
      reset_after: true,
      return_sequences: false,
    });
    const { json, weights, values } = kerasFiles(sequential([gru], [5, 2]), [
      { name: "gru/gru_cell/kernel", shape: [2, 9] },
      { name: "gru/gru_cell/recurrent_kernel", shape: [3, 9] },
      { name: "gru/gru_cell/bias", shape: [2, 9] },
    ]);
    const { model } = importKeras(json, [weights]);
    const sequence = normals(10, 7, 1);
    const rows = Array.from({ length: 5 }, (_, i) => [...sequence.subarray(2 * i, 2 * i + 2)]);
    const [kernel, recurrent, bias] = Object.values(values) as [Float32Array, Float32Array, Float32Array];
    const expected = gruResetAfter(rows, kernel, recurrent, bias, 3);
    const found = await runModel(model, [floatTensor(sequence, [1, 5, 2])]);
    expect(largestDifference(found, expected)).to.be.below(1e-5);
  });

  it("unrolls a GRU that resets behind the product to the same, where its activations are unusual", async () => {
    const gru = (activation: string): ReturnType<typeof layer> =>
      layer("GRU", {
        name: "gru",
        units: 3,
        activation,
        recurrent_activation: "sigmoid",
        reset_after: true,
        return_sequences: true,
      });
    const specs = [
      { name: "gru/kernel", shape: [2, 9] },
      { name: "gru/recurrent_kernel", shape: [3, 9] },
      { name: "gru/bias", shape: [2, 9] },
    ];
    const run = async (activation: string): Promise<Float32Array> => {
      const { json, weights } = kerasFiles(sequential([gru(activation)], [4, 2]), specs);
      const { model } = importKeras(json, [weights], { loss: "mean-squared-error" });
      expect(model.graph.nodes.some(({ operator }) => operator === "GRU")).to.equal(activation === "tanh");
      // so small that softsign and tanh are alike to four digits, and the operator judges what is unrolled
      return runModel(model, [floatTensor(normals(8, 7, 1e-3), [1, 4, 2])], shrunk(model, 1e-2));
    };
    const [byOperator, unrolled] = [await run("tanh"), await run("softsign")];
    const difference = unrolled.map((value, i) => value - byOperator[i]!);
    expect(Math.max(...byOperator.map(Math.abs))).to.be.above(1e-3);
    expect(Math.max(...difference.map(Math.abs))).to.be.below(1e-4);
  });

  it("of version 3 is joined by tensors with a history, and has another hard sigmoid", async () => {
    const { json, weights, values } = kerasFiles(keras3Functional(), [
      { name: "left/kernel", shape: [4, 3] },
      { name: "left/bias", shape: [3] },
      { name: "right/kernel", shape: [4, 3] },
      { name: "right/bias", shape: [3] },
    ]);
    const { model, origin } = importKeras(json, [weights]);
    const x = normals(8, 7, 1);
    const expected = [0, 1].flatMap((row) =>
      [0, 1, 2].map((column) => {
        const own = x.subarray(4 * row, 4 * row + 4);
        const sum =
          product(own, values["left/kernel"]!, values["left/bias"], column, 3) +
          product(own, values["right/kernel"]!, values["right/bias"], column, 3);
        return Math.min(1, Math.max(0, sum / 6 + 0.5));
      }),
    );
    expect(largestDifference(await runModel(model, [floatTensor(x, [2, 4])]), expected)).to.be.below(1e-5);
    expect(origin).to.deep.include({ inputs: ["features"], output: "soft", activation: "none" });
  });

  it("of a saved folder of version 3 has its weights numbered", () => {
    const { json, weights } = kerasFiles(sequential([dense], [4]), [
      { name: "_layer_checkpoint_dependencies/dense/vars/0", shape: [4, 2] },
      { name: "_layer_checkpoint_dependencies/dense/vars/1", shape: [2] },
    ]);
    expect(importKeras(json, [weights]).model.tensors.map(({ shape }) => shape)).to.deep.equal([[4, 2], [2]]);
  });

  it("may be in several files, which it names", () => {
    const paths = ["group1-shard1of2.bin", "./group1-shard2of2.bin"];
    const { json, weights } = kerasFiles(sequential([dense], [4]), denseWeights, paths);
    expect(weightFilesOf(json)).to.deep.equal(["group1-shard1of2.bin", "group1-shard2of2.bin"]);
    const { model } = importKeras(json, [weights.subarray(0, 13), weights.subarray(13)]);
    expect(model.tensors).to.have.length(2);
    expect(refusal({ json, weights })).to.match(/2 weight files, 1 were given/);
  });

  it("is read from Buffers as from other bytes", () => {
    const { json, weights } = kerasFiles(sequential([dense], [4]), denseWeights);
    const [found, expected] = [importKeras(Buffer.from(json), [Buffer.from(weights)]), importKeras(json, [weights])];
    expect(found.model.tensors).to.deep.equal(expected.model.tensors);
  });

  it("does not name files elsewhere", () => {
    for (const path of ["../secret", "/etc/passwd", "a/b.bin", "https://example.org/w.bin"]) {
      const { json } = kerasFiles(sequential([dense], [4]), denseWeights, [path]);
      expect(
        codeOf(() => weightFilesOf(json)),
        path,
      ).to.equal("bad-input");
    }
  });
});

describe("the importer of model.json", () => {
  it("names a layer that it does not know", () => {
    const lambda = layer("Lambda", { name: "my_lambda", function: "…" });
    expect(refusal(kerasFiles(sequential([dense, lambda], [4]), denseWeights))).to.equal(
      'unsupported: layer "my_lambda" (Lambda): layers of this class are not supported',
    );
  });

  it("names the layer of an unknown activation, of masks, and of what is not trained with", () => {
    const odd = layer("Dense", { name: "dense", units: 2, activation: "my_own" });
    expect(refusal(kerasFiles(sequential([odd], [4]), denseWeights))).to.match(
      /^unsupported: layer "dense" \(Dense\): the activation myown/,
    );
    const masked = layer("Embedding", { name: "words", input_dim: 5, output_dim: 2, mask_zero: true });
    expect(refusal(kerasFiles(sequential([masked], [4]), []))).to.match(/^unsupported: layer "words".*mask_zero/);
    const dropping = layer("LSTM", { name: "lstm", units: 2, recurrent_dropout: 0.2 });
    expect(refusal(kerasFiles(sequential([dropping], [4, 2]), []))).to.match(/recurrent_dropout/);
  });

  it("names the weight that is missing, of another shape, or nobody's", () => {
    expect(refusal(kerasFiles(sequential([dense], [4]), denseWeights.slice(0, 1)))).to.match(
      /layer "dense" \(Dense\): the file has no weights "dense\/bias"/,
    );
    const turned = [{ name: "dense/kernel", shape: [2, 4] }, denseWeights[1]!];
    expect(refusal(kerasFiles(sequential([dense], [4]), turned))).to.match(
      /"dense\/kernel" has the shape \[2, 4\], the layer wants \[4, 2\]/,
    );
    const more = [...denseWeights, { name: "dense_1/kernel", shape: [2] }];
    expect(refusal(kerasFiles(sequential([dense], [4]), more))).to.match(/"dense_1\/kernel" belongs to no layer/);
  });

  it("refuses weights that are cut short, quantised, or no numbers", () => {
    const { json, weights } = kerasFiles(sequential([dense], [4]), denseWeights);
    expect(refusal({ json, weights: weights.subarray(1) })).to.match(/have 39 bytes, .* has 40/);
    const small = [{ ...denseWeights[0]!, dtype: "uint8", quantization: { min: 0, scale: 1 } }];
    expect(refusal(kerasFiles(sequential([dense], [4]), small))).to.match(/"dense\/kernel" is quantised/);
    const broken = weights.slice();
    new DataView(broken.buffer).setFloat32(8, Infinity, true);
    expect(refusal({ json, weights: broken })).to.match(/"dense\/kernel" has values that are no finite numbers/);
  });

  it("asks for sizes that the file leaves open, and takes them", () => {
    const pooling = layer("GlobalAveragePooling1D", { name: "pool" });
    const files = kerasFiles(sequential([pooling, dense], [null, 4]), denseWeights);
    expect(refusal(files)).to.match(/axis 1 of the model's input "input_1" is open/);
    expect(refusal(files, { inputShapes: { input_1: [6, 4] } })).to.equal("none");
  });

  it("refuses layers that are not there, and models that are nested without end", () => {
    const chained = {
      class_name: "Functional",
      config: {
        name: "m",
        layers: [
          { ...layer("InputLayer", { batch_input_shape: [null, 4], name: "x" }), name: "x", inbound_nodes: [] },
          { ...dense, name: "dense", inbound_nodes: [[["nowhere", 0, 0, {}]]] },
        ],
        input_layers: [["x", 0, 0]],
        output_layers: [["dense", 0, 0]],
      },
    };
    expect(refusal(kerasFiles(chained, denseWeights))).to.match(/"dense" reads a tensor that no layer makes/);
    let nested: ReturnType<typeof layer> = dense;
    for (let depth = 0; depth < 30; depth++)
      nested = layer("Sequential", { name: `m${depth}`, layers: [layer("InputLayer", { name: "in" }), nested] });
    expect(refusal(kerasFiles(sequential([nested], [4]), denseWeights))).to.match(/nested too deeply/);
  });

  it("refuses models in models that multiply, as soon as they are too many", () => {
    const file = (depth: number): KerasFiles => kerasFiles(multiplying(depth, 4), denseWeights);
    expect(refusal(file(4))).to.equal("none");
    expect(refusal(file(7))).to.match(/^bad-input: .*more than 3000 nodes/);
    // each model's layers and calls are counted before what they are made of
    expect(refusal(kerasFiles(multiplying(3, 4, "linear", 6000), denseWeights))).to.match(
      /^bad-input: .*more than 20000 layers and calls of layers/,
    );
  });

  it("takes names that every object has for names like any other", () => {
    for (const name of ["constructor", "toString", "__proto__"]) {
      const input = layer("InputLayer", { batch_input_shape: [null, 4], name });
      const topology = layer("Sequential", { name: "m", layers: [input, dense] });
      expect(refusal(kerasFiles(topology, denseWeights), { inputShapes: {} }), name).to.equal("none");
      const cell = layer(name, { name: "cell", units: 2 });
      const around = layer("Bidirectional", { name: "both", layer: cell });
      expect(refusal(kerasFiles(sequential([around], [5, 4]), []))).to.match(/^unsupported: .*in both directions/);
    }
  });

  it("refuses an ONNX file, an empty one, and one that is cut short", () => {
    const { json, weights } = kerasFiles(sequential([dense], [4]), denseWeights);
    for (const bytes of [new Uint8Array(0), Uint8Array.of(8, 10, 18, 0), json.subarray(0, json.length - 5)])
      expect(refusal({ json: bytes, weights })).to.match(/^bad-input: /);
    expect(refusal({ json: new TextEncoder().encode("{}"), weights })).to.match(
      /no model.json of TensorFlow.js Layers/,
    );
  });

  it("tells any damage by an error of Paceline's own", () => {
    const stack = [
      layer("Conv1D", { name: "conv", filters: 3, kernel_size: [3], strides: [1], padding: "same" }),
      layer("BatchNormalization", { name: "bn", axis: [2], momentum: 0.9, epsilon: 0.001 }),
      layer("LSTM", { name: "lstm", units: 2, recurrent_activation: "hard_sigmoid" }),
      layer("Dropout", { name: "drop", rate: 0.25 }),
      layer("Dense", { name: "dense", units: 2, activation: "softmax" }),
    ];
    const { json, weights } = kerasFiles(sequential(stack, [5, 2]), [
      { name: "conv/kernel", shape: [3, 2, 3] },
      { name: "conv/bias", shape: [3] },
      ...["gamma", "beta", "moving_mean", "moving_variance"].map((name) => ({ name: `bn/${name}`, shape: [3] })),
      { name: "lstm/kernel", shape: [3, 8] },
      { name: "lstm/recurrent_kernel", shape: [2, 8] },
      { name: "lstm/bias", shape: [8] },
      { name: "dense/kernel", shape: [2, 2] },
      { name: "dense/bias", shape: [2] },
    ]);
    expect(refusal({ json, weights })).to.equal("none");
    const outcomes = new Map<string, number>();
    const printable = fc.constantFrom(...Array.from('0123456789-.,:"[]{}nulltrue_xA', (each) => each.charCodeAt(0)));
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(json.length - 1), printable), { minLength: 1, maxLength: 3 }), (changes) => {
        const damaged = json.slice();
        for (const [at, byte] of changes) damaged[at] = byte;
        const code = codeOf(() => importKeras(damaged, [weights]));
        outcomes.set(code, (outcomes.get(code) ?? 0) + 1);
      }),
      { ...SEEDED, numRuns: 600 },
    );
    expect([...outcomes.keys()].sort()).to.deep.equal(["bad-input", "none", "unsupported"]);
  });
});

/** Functional models in each other, each of which calls the next `calls` times, with `idle` inputs that nothing reads; then a dense layer. */
function multiplying(depth: number, calls: number, activation = "tanh", idle = 0): Record<string, unknown> {
  const named = (className: string, name: string, config: object, inbound: readonly unknown[]): object => ({
    class_name: className,
    name,
    config: { name, ...config },
    inbound_nodes: inbound,
  });
  const input = (name: string): object => named("InputLayer", name, { batch_input_shape: [null, 4] }, []);
  const inputs = [input("in"), ...Array.from({ length: idle }, (_, i) => input(`idle${i}`))];
  const model = (layers: readonly object[], output: readonly unknown[]): object => ({
    layers: [...inputs, ...layers],
    input_layers: [["in", 0, 0]],
    output_layers: [output],
  });
  let inner = model([named("Activation", "a", { activation }, [[["in", 0, 0, {}]]])], ["a", 0, 0]);
  for (let level = 0; level < depth; level++) {
    const name = `m${level}`;
    // a model's own call, from when it was made, is counted but not listed
    const inbound = Array.from({ length: calls }, (_, i) => [i === 0 ? ["in", 0, 0, {}] : [name, i, 0, {}]]);
    const layers = [named("Functional", name, inner, inbound)];
    if (level === depth - 1) layers.push(named("Dense", "dense", { units: 2 }, [[[name, calls, 0, {}]]]));
    inner = model(layers, level === depth - 1 ? ["dense", 0, 0] : [name, calls, 0]);
  }
  return { class_name: "Functional", config: { name: "model", ...inner } };
}

function shrunk(model: Parameters<typeof runModel>[0], by: number): Float32Array {
  const lengths = model.tensors.map(({ initial }) =>
    initial.kind === "values" ? initial.values : new Float32Array(0),
  );
  return Float32Array.from(lengths.flatMap((values) => [...values].map((value) => value * by)));
}
