import { expect } from "chai";
import { type Attributes, type Graph, int, ints, type Value } from "../../../node/training/graph/graph.ts";
import type { ModelBuilder } from "../../../node/training/models/modelBuilder.ts";
import { ONES, type TensorSpec } from "../../../node/training/models/model.ts";
import { gradientGraph } from "../../../node/training/onnx/evaluationGraphs.ts";
import { OnnxTrainer } from "../../../node/training/onnxTrainer.ts";
import { TfjsTrainer } from "../../../node/training/tfjs/tfjsTrainer.ts";
import type { Trainer } from "../../../node/training/trainer.ts";
import { NORMAL, operatorCase } from "../gradients/operatorCase.ts";
import { expectGradientsAgree } from "../gradients/oracle.ts";

/** Models of several layers, through which images go in the fast layout. */

const HALVES = { kernel_shape: ints([2, 2]), strides: ints([2, 2]) };
const SAME = { pads: ints([1, 1, 1, 1]) };

/** Adds layers, whose params it names by count. */
class Stack {
  readonly builder: ModelBuilder;
  #params = 0;

  constructor(builder: ModelBuilder) {
    this.builder = builder;
  }

  image(shape: readonly number[]): Value {
    return this.builder.example("image", "float32", shape);
  }

  node(operator: string, inputs: readonly Value[], attributes: Attributes = {}): Value {
    return this.builder.graph.node(operator, inputs, attributes);
  }

  param(shape: readonly number[], initial: TensorSpec["initial"] = { kind: "normal", stddev: 0.5 }): Value {
    return this.builder.param(`param${this.#params++}`, shape, initial);
  }

  conv(input: Value, channels: number, side = 3, attributes: Attributes = side === 3 ? SAME : {}): Value {
    const weight = this.param([channels, input.shape[1] as number, side, side]);
    return this.node("Conv", [input, weight, this.param([channels])], attributes);
  }

  relu(input: Value): Value {
    return this.node("Relu", [input]);
  }

  /** With running statistics that are params of the model, but not trained by gradients. */
  batchNorm(input: Value): Value {
    const channels = [input.shape[1] as number];
    const mean = this.builder.param(`mean${this.#params++}`, channels, NORMAL, "statistic");
    const variance = this.builder.param(`variance${this.#params++}`, channels, ONES, "statistic");
    return this.#normalised(input, mean, variance);
  }

  /** With running statistics that never change. */
  frozenNorm(input: Value): Value {
    const channels = input.shape[1] as number;
    const { graph } = this.builder;
    const spread = (from: number): Value => graph.floats(Array.from({ length: channels }, (_, i) => from + 0.3 * i));
    return this.#normalised(input, spread(-0.4), spread(0.7));
  }

  #normalised(input: Value, mean: Value, variance: Value): Value {
    const channels = [input.shape[1] as number];
    return this.node("BatchNormalization", [input, this.param(channels), this.param(channels), mean, variance]);
  }

  dropout(input: Value, ratio: number): Value {
    return this.node("Dropout", [input, this.builder.graph.floats([ratio], [])]);
  }

  dense(input: Value, units: number): Value {
    const flat = this.node("Flatten", [input]);
    return this.node("Gemm", [flat, this.param([flat.shape[1] as number, units]), this.param([units])]);
  }
}

type Layers = (stack: Stack) => Value;

async function agrees(layers: Layers): Promise<void> {
  const { model, params, examples } = operatorCase((builder) => layers(new Stack(builder)));
  await expectGradientsAgree(model, params, examples);
}

/** Transposes of activations: those that move the batch, which kernels do not have. */
function turns(layers: Layers): number {
  const { model } = operatorCase((builder) => layers(new Stack(builder)));
  return activationTurns(gradientGraph(model));
}

function activationTurns({ nodes }: Graph): number {
  const ofBatch = ({ shape }: Value): boolean => shape.some((size) => String(size).includes("batch"));
  return nodes.filter(({ operator, outputs }) => operator === "Transpose" && outputs.some(ofBatch)).length;
}

const plainNetwork: Layers = (stack) => {
  const first = stack.node("MaxPool", [stack.relu(stack.conv(stack.image([2, 6, 4]), 4))], HALVES);
  return stack.dense(stack.node("MaxPool", [stack.relu(stack.conv(first, 5))], HALVES), 3);
};

/** What exporters write between convolutions: normalisation, a residual, a gate by channel, constants by channel. */
const residualNetwork: Layers = (stack) => {
  const trunk = stack.relu(stack.frozenNorm(stack.conv(stack.image([2, 4, 3]), 3)));
  const branch = stack.frozenNorm(stack.conv(trunk, 3));
  const joined = stack.relu(stack.node("Add", [branch, trunk]));
  const squeezed = stack.node("GlobalAveragePool", [joined]);
  const gate = stack.node("Sigmoid", [stack.conv(stack.relu(stack.conv(squeezed, 2, 1)), 3, 1)]);
  const gated = stack.node("Mul", [joined, gate]);
  const shifted = stack.node("PRelu", [stack.node("Add", [gated, stack.param([1, 3, 1, 1])]), stack.param([3, 1, 1])]);
  return stack.dense(stack.node("MaxPool", [shifted], HALVES), 2);
};

describe("images between convolutions", () => {
  it("go from layer to layer with their gradients", () => agrees(plainNetwork));
  it("go through normalisation, residuals and gates", () => agrees(residualNetwork));

  it("turn at the model's ends only, and back for the way back", () => {
    // the first layer has no gradient at its image, the last turns forwards and backwards
    expect(turns(plainNetwork)).to.equal(3);
    expect(turns(residualNetwork)).to.equal(3);
  });

  it("are read by pooling and by others at once", () =>
    agrees((stack) => {
      const activation = stack.relu(stack.conv(stack.image([2, 4, 6]), 3));
      const pooled = stack.node("MaxPool", [activation], HALVES);
      const strided = stack.conv(activation, 3, 2, { strides: ints([2, 2]) });
      return stack.node("Concat", [pooled, strided], { axis: int(1) });
    }));

  it("are joined where one stands in the order of a pooling and the other does not", () =>
    agrees((stack) => {
      const image = stack.image([2, 4, 4]);
      const joined = stack.node("Add", [stack.conv(image, 2), stack.node("Mul", [image, stack.param([2, 4, 4])])]);
      return stack.node("MaxPool", [joined], HALVES);
    }));

  it("are joined by channel", () =>
    agrees((stack) => {
      const image = stack.image([2, 4, 4]);
      const halves = [stack.conv(image, 2), stack.conv(image, 3)];
      return stack.node("AveragePool", [stack.node("Concat", halves, { axis: int(-3) })], HALVES);
    }));

  it("leave the layout where a node needs ONNX's", () =>
    agrees((stack) => {
      const convolved = stack.conv(stack.image([2, 4, 6]), 3);
      const tilted = stack.node("Mul", [convolved, stack.param([4, 6])]);
      return stack.conv(stack.node("Softmax", [tilted], { axis: int(3) }), 2);
    }));

  it("come from models whose channels are last, and go back to them", async () => {
    const layers: Layers = (stack) => {
      const image = stack.node("Transpose", [stack.image([5, 4, 3])], { perm: ints([0, 3, 1, 2]) });
      const convolved = stack.relu(stack.conv(image, 4));
      const last = stack.node("Transpose", [convolved], { perm: ints([0, 2, 3, 1]) });
      return stack.node("Mul", [last, stack.param([4])]);
    };
    await agrees(layers);
    expect(turns(layers)).to.equal(3);
  });

  it("are sequences too", () =>
    agrees((stack) => {
      const words = stack.node("Transpose", [stack.image([7, 3])], { perm: ints([0, 2, 1]) });
      const convolved = stack.node("Conv", [words, stack.param([4, 3, 3]), stack.param([4])]);
      return stack.dense(stack.node("GlobalMaxPool", [stack.relu(convolved)]), 2);
    }));

  it("may be the model's output", () => agrees((stack) => stack.conv(stack.image([2, 3, 4]), 3)));

  it("train as in tfjs, where normalisation follows the batches and dropout drops", async () => {
    const { model, params, examples } = operatorCase((builder) => {
      const stack = new Stack(builder);
      const convolved = stack.batchNorm(stack.conv(stack.image([2, 4, 6]), 3));
      const pooled = stack.node("MaxPool", [stack.dropout(stack.relu(convolved), 0.4)], HALVES);
      return stack.dense(stack.dropout(pooled, 0.3), 2);
    }, 12);
    const plan = { length: { localEpochs: 2 }, batchSize: 5, optimiser: { kind: "sgd" }, learningRate: 0.05 } as const;
    const after = async (trainer: Trainer): Promise<readonly number[]> => {
      try {
        return [...(await trainer.train({ params, examples, plan, seed: [3] })).params];
      } finally {
        await trainer.close();
      }
    };
    const theirs = await after(new TfjsTrainer(model, { backend: "cpu" }));
    (await after(new OnnxTrainer(model))).forEach((value, i) => {
      expect(value, `param ${i}`).to.be.closeTo(theirs[i] as number, 2e-5);
    });
  });
});
