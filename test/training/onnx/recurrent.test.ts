import { expect } from "chai";
import { PacelineError } from "../../../node/core/errors.ts";
import { type Attributes, type Value, float, int, ints, text } from "../../../node/training/graph/graph.ts";
import { planBatches } from "../../../node/training/batches.ts";
import { elementCount, type Model } from "../../../node/training/models/model.ts";
import type { ModelBuilder } from "../../../node/training/models/modelBuilder.ts";
import { gradientGraph } from "../../../node/training/onnx/evaluationGraphs.ts";
import { OnnxTrainer } from "../../../node/training/onnxTrainer.ts";
import type { Examples, ExampleTensor } from "../../../node/training/trainer.ts";
import { type Case, NORMAL, operatorCase } from "../gradients/operatorCase.ts";
import { expectGradientsAgree } from "../gradients/oracle.ts";

const STEPS = 3;
const INPUTS = 3;
const HIDDEN = 2;
const GATES = { LSTM: 4, GRU: 3, RNN: 1 } as const;

interface Layer {
  readonly operator: keyof typeof GATES;
  readonly attributes?: Attributes;
  /** No biases and no first states. */
  readonly bare?: boolean;
  /** 0 is Y, then the last states. */
  readonly outputs?: readonly number[];
}

/** A recurrent layer whose sequence and first states hang on params too, and of which the chosen outputs count. */
function layerCase({ operator, attributes = {}, bare = false, outputs = [0] }: Layer): Case {
  return operatorCase((builder) => {
    const { graph } = builder;
    const way = attributes["direction"];
    const directions = way?.kind === "string" && way.value === "bidirectional" ? 2 : 1;
    const rows = GATES[operator] * HIDDEN;
    const states = operator === "LSTM" ? 2 : 1;
    const sequence = builder.example("sequence", "float32", [STEPS, INPUTS]);
    const firsts = bare
      ? []
      : Array.from({ length: states }, (_, i) => builder.example(`first${i}`, "float32", [directions, HIDDEN]));
    const scaled = (value: Value, name: string): Value =>
      graph.node("Mul", [value, builder.param(name, value.shape.slice(1) as number[], NORMAL)]);
    const stepsFirst = { perm: ints([1, 0, 2]) };
    const inputs = [
      graph.node("Transpose", [scaled(sequence, "scale")], stepsFirst),
      builder.param("W", [directions, rows, INPUTS], NORMAL),
      builder.param("R", [directions, rows, HIDDEN], NORMAL),
      ...(bare ? [] : [builder.param("B", [directions, 2 * rows], NORMAL), undefined]),
      ...firsts.map((first, i) => graph.node("Transpose", [scaled(first, `start${i}`)], stepsFirst)),
    ];
    const made = graph.nodes(operator, inputs, 1 + states, { hidden_size: int(HIDDEN), ...attributes }, "layer");
    const flat = outputs.map((i) => {
      const byExample = graph.node("Transpose", [made[i]], { perm: ints(i === 0 ? [2, 0, 1, 3] : [1, 0, 2]) });
      return graph.node("Flatten", [byExample]);
    });
    return flat.length === 1 ? (flat[0] as Value) : graph.node("Concat", flat, { axis: int(1) });
  });
}

const BOTH_WAYS = { direction: text("bidirectional") };
const BACKWARDS = { direction: text("reverse") };
const RESET_BEHIND = { linear_before_reset: int(1) };
const LAYERS: Readonly<Record<string, Layer>> = {
  "an LSTM without biases and first states": { operator: "LSTM", bare: true },
  "an LSTM in both directions, with its last states": { operator: "LSTM", attributes: BOTH_WAYS, outputs: [0, 1, 2] },
  "an LSTM read backwards, of which only the last cell counts": {
    operator: "LSTM",
    attributes: BACKWARDS,
    outputs: [2],
  },
  "a GRU without biases and first states": { operator: "GRU", bare: true },
  "a GRU in both directions, with its last state": { operator: "GRU", attributes: BOTH_WAYS, outputs: [0, 1] },
  "a GRU that resets behind its product": { operator: "GRU", attributes: RESET_BEHIND, outputs: [0, 1] },
  "a GRU that resets behind its product, read backwards, of which only the last state counts": {
    operator: "GRU",
    attributes: { ...RESET_BEHIND, ...BACKWARDS },
    outputs: [1],
  },
};

/** An LSTM of one step with inputs that no training knows. */
function lstmWith(more: (builder: ModelBuilder) => readonly (Value | undefined)[]): Model {
  return operatorCase((builder) => {
    const x = builder.example("sequence", "float32", [1, INPUTS]);
    const steps = builder.graph.node("Transpose", [x], { perm: ints([1, 0, 2]) });
    const w = builder.param("W", [1, 4 * HIDDEN, INPUTS], NORMAL);
    const r = builder.param("R", [1, 4 * HIDDEN, HIDDEN], NORMAL);
    const inputs = [steps, w, r, undefined, ...more(builder)];
    return builder.graph.node("LSTM", inputs, { hidden_size: int(HIDDEN) }, "layer");
  }).model;
}

const activations = (...value: readonly string[]): Attributes => ({ activations: { kind: "strings", value } });
const UNTRAINED: readonly (readonly [Layer, RegExp])[] = [
  [{ operator: "LSTM", attributes: { clip: float(3) } }, /node "layer": the operator LSTM is not trained with clip/],
  [{ operator: "LSTM", attributes: { input_forget: int(1) } }, /input_forget/],
  [{ operator: "GRU", attributes: { layout: int(1) } }, /layout 1/],
  [{ operator: "GRU", attributes: activations("Sigmoid", "Relu") }, /the activations Sigmoid, Relu/],
  [{ operator: "LSTM", attributes: activations("Sigmoid", "Tanh", "Affine") }, /Affine/],
  [{ operator: "RNN", attributes: activations("Sigmoid") }, /the activations Sigmoid/],
  [{ operator: "RNN", attributes: { direction: text("sideways") } }, /the direction sideways/],
];

type Weights = readonly [x: Value, w: Value, r: Value, b: Value];

/** An RNN of one direction, as the operator or as other nodes. */
function rnnCase(make: (builder: ModelBuilder, ...weights: Weights) => Value): Case {
  return operatorCase((builder) => {
    const x = builder.example("sequence", "float32", [STEPS, INPUTS]);
    const w = builder.param("W", [1, HIDDEN, INPUTS], NORMAL);
    const r = builder.param("R", [1, HIDDEN, HIDDEN], NORMAL);
    return make(builder, x, w, r, builder.param("B", [1, 2 * HIDDEN], NORMAL));
  });
}

function asOperator({ graph }: ModelBuilder, activation: string, x: Value, ...weights: readonly Value[]): Value {
  const inputs = [graph.node("Transpose", [x], { perm: ints([1, 0, 2]) }), ...weights];
  const y = graph.node("RNN", inputs, { hidden_size: int(HIDDEN), ...activations(activation) });
  return graph.node("Transpose", [y], { perm: ints([2, 0, 1, 3]) });
}

/** h ← a(W x + Wb + R h + Rb), one step after the other. */
function asSteps({ graph }: ModelBuilder, activation: string, ...[x, w, r, b]: Weights): Value {
  const [weight, recurrent, biases] = [w, r, b].map((value) => graph.node("Squeeze", [value, graph.ints([0])]));
  const [inputBias, recurrentBias] = graph.nodes("Split", [biases, graph.ints([HIDDEN, HIDDEN])], 2, { axis: int(0) });
  const states: Value[] = [];
  for (let step = 0; step < STEPS; step++) {
    const now = graph.node("Gather", [x, graph.ints([step], [])], { axis: int(1) });
    const sum = graph.node("Gemm", [now, weight, inputBias], { transB: int(1) });
    const before = states.at(-1);
    const recalled =
      before === undefined ? recurrentBias : graph.node("Gemm", [before, recurrent, recurrentBias], { transB: int(1) });
    states.push(graph.node(activation, [graph.node("Add", [sum, recalled])]));
  }
  return graph.node("Concat", states, { axis: int(1) });
}

async function gradientOf({ model, params, examples }: Case): Promise<Float32Array> {
  const trainer = new OnnxTrainer(model);
  const { gradient } = await trainer.lossGradient(params, examples);
  await trainer.close();
  return gradient;
}

function only(examples: Examples, rows: Int32Array): Examples {
  const pick = ({ shape, values }: ExampleTensor): ExampleTensor => {
    const each = elementCount(shape);
    const picked = Array.from(rows, (row) => [...values.subarray(row * each, (row + 1) * each)]).flat();
    return { shape, values: Float32Array.from(picked) };
  };
  return { ...examples, count: rows.length, inputs: examples.inputs.map(pick), targets: pick(examples.targets) };
}

describe("recurrent layers in training", () => {
  for (const [name, layer] of Object.entries(LAYERS)) {
    it(`have the gradients that tfjs and differences tell: ${name}`, async () => {
      const { model, params, examples } = layerCase(layer);
      await expectGradientsAgree(model, params, examples);
    });
  }

  it("are trained as what ONNX Runtime's own operators predict", async () => {
    const simple: readonly Layer[] = [
      { operator: "RNN", attributes: { ...BOTH_WAYS, ...activations("Relu", "Relu") } },
      { operator: "RNN", attributes: BACKWARDS, outputs: [0, 1] },
    ];
    for (const layer of [...Object.values(LAYERS), ...simple]) {
      const { model, params, examples } = layerCase(layer);
      const trainer = new OnnxTrainer(model);
      const loss = (await trainer.evaluate(params, examples)).loss as number;
      expect((await trainer.lossGradient(params, examples)).loss).to.be.closeTo(loss, 1e-5 * loss);
      await trainer.close();
    }
  });

  for (const activation of ["Tanh", "Relu"] as const) {
    it(`give an RNN of ${activation} the gradient of its steps written out`, async () => {
      const found = await gradientOf(rnnCase((builder, ...given) => asOperator(builder, activation, ...given)));
      const expected = await gradientOf(rnnCase((builder, ...given) => asSteps(builder, activation, ...given)));
      expect(Math.max(...expected.map(Math.abs))).to.be.above(0.1);
      expected.forEach((value, i) => expect(found[i]).to.be.closeTo(value, 1e-5));
    });
  }

  it("follow the gradient in local training, batch by batch, the last one smaller", async () => {
    const { model, params, examples } = layerCase(LAYERS["a GRU that resets behind its product"] as Layer);
    const plan = { length: { localEpochs: 1 }, batchSize: 2, optimiser: { kind: "sgd" }, learningRate: 0.3 } as const;
    const trainer = new OnnxTrainer(model);
    const { params: trained } = await trainer.train({ params, examples, plan, seed: [4] });
    const { order } = planBatches(examples.count, plan, [4]);
    let expected = params;
    for (const batch of [order.subarray(0, 2), order.subarray(2)]) {
      const { gradient } = await trainer.lossGradient(expected, only(examples, batch));
      expected = expected.map((value, i) => value - 0.3 * (gradient[i] as number));
    }
    await trainer.close();
    expected.forEach((value, i) => expect(trained[i]).to.be.closeTo(value, 1e-6));
    expect(params.some((value, i) => Math.abs(value - (trained[i] as number)) > 1e-3)).to.equal(true);
  });

  it("names the node and what it cannot be trained with", () => {
    const models: readonly (readonly [Model, RegExp])[] = [
      ...UNTRAINED.map(([layer, message]) => [layerCase(layer).model, message] as const),
      [lstmWith(({ graph }) => [graph.ints32([1, 1, 1])]), /node "layer": .* lengths of sequences/],
      [
        lstmWith((builder) => [undefined, undefined, undefined, builder.param("P", [1, 3 * HIDDEN], NORMAL)]),
        /node "layer": .* peepholes/,
      ],
    ];
    for (const [model, message] of models) {
      const thrown = expect(() => gradientGraph(model), String(message)).to.throw(PacelineError, message);
      thrown.with.property("code", "unsupported");
    }
  });
});
