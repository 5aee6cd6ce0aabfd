import { describe, it } from "mocha";
import { type Value, float, int, ints } from "../../../node/training/graph/graph.ts";
import type { ModelBuilder } from "../../../node/training/models/modelBuilder.ts";
import { type Build, describeGradients, onBatch } from "./operands.ts";
import { NORMAL, operatorCase } from "./operatorCase.ts";
import { expectTrainingAgrees } from "./oracle.ts";

const layerNorm = (axis: number | undefined, scaled: readonly number[], biased: boolean): Build =>
  onBatch([2, 3, 4], (graph, x, builder) =>
    graph.node(
      "LayerNormalization",
      [x, builder.param("scale", scaled, NORMAL), biased ? builder.param("bias", scaled, NORMAL) : undefined],
      { ...(axis === undefined ? {} : { axis: int(axis) }), epsilon: float(0.1) },
    ),
  );

describeGradients("LayerNormalization", {
  "over the last axis": layerNorm(undefined, [4], true),
  "over two axes": layerNorm(-2, [3, 4], true),
  "over all of an example": layerNorm(1, [2, 3, 4], true),
  "without a bias": layerNorm(-1, [4], false),
  "with one scale for all": layerNorm(2, [1], true),
});

const grouped = (operator: string, shape: readonly number[], groups?: number): Build =>
  onBatch(shape, (graph, x, builder) => {
    const channels = [shape[0]!];
    return graph.node(
      operator,
      [x, builder.param("scale", channels, NORMAL), builder.param("bias", channels, NORMAL)],
      {
        ...(groups === undefined ? {} : { num_groups: int(groups) }),
        epsilon: float(0.1),
      },
    );
  });

describeGradients("normalisation of an example by itself", {
  "InstanceNormalization of images": grouped("InstanceNormalization", [3, 2, 4]),
  "InstanceNormalization of sequences": grouped("InstanceNormalization", [3, 5]),
  "GroupNormalization of images": grouped("GroupNormalization", [6, 2, 2], 2),
  "GroupNormalization of rows": grouped("GroupNormalization", [6], 3),
});

type Role = "weight" | "statistic";

/** With running statistics that are far from those of a batch. */
function batchNorm(builder: ModelBuilder, x: Value, role: Role): Value {
  const channels = [x.shape[1] as number];
  return builder.graph.node(
    "BatchNormalization",
    [
      x,
      builder.param("scale", channels, NORMAL),
      builder.param("bias", channels, NORMAL),
      builder.param("mean", channels, NORMAL, role),
      builder.param("variance", channels, { kind: "constant", value: 1.7 }, role),
    ],
    { momentum: float(0.7), epsilon: float(0.03) },
  );
}

/** Of a sine, for what is only added does not show behind it. */
const normalised = (shape: readonly number[], role: Role): Build =>
  onBatch(shape, (graph, x, builder) => batchNorm(builder, graph.node("Sin", [x]), role));

/** Two of them with the same params. */
const twice = (role: Role): Build =>
  onBatch([3, 2], (graph, x, builder) => {
    const once = batchNorm(builder, graph.node("Sin", [x]), role);
    const { inputs } = graph.producerOf(once) ?? { inputs: [] };
    const again = graph.node("BatchNormalization", [graph.node("Tanh", [once]), ...inputs.slice(1)]);
    return graph.node("Add", [once, again]);
  });

const batches = (role: Role): Record<string, Build> => ({
  "BatchNormalization of rows": normalised([3], role),
  "BatchNormalization of sequences": normalised([3, 4], role),
  "BatchNormalization of images": normalised([3, 2, 4], role),
  "BatchNormalization twice with the same statistics": twice(role),
});

describeGradients("prediction, where running statistics count like any param", batches("weight"));

const dropOut = (shape: readonly number[], ratio: number): Build =>
  onBatch(shape, (graph, x) => graph.node("Dropout", [x, graph.floats([ratio], [])]));

describeGradients("Dropout, which does nothing in prediction", { "at any ratio": dropOut([4], 0.6) });

describe("a few steps of training change what they change in tfjs:", () => {
  const cases: Readonly<Record<string, Build>> = {
    ...batches("statistic"),
    "BatchNormalization of one example": normalised([3, 5], "statistic"),
    "Dropout of rows": dropOut([20], 0.4),
    "Dropout of images": dropOut([2, 3, 4], 0.7),
    "Dropout of nothing": dropOut([4], 0),
    "Dropout at the default ratio": onBatch([20], (graph, x) => graph.node("Dropout", [x])),
    "three Dropouts, of which one drops nothing": onBatch([12], (graph, x) => {
      const first = graph.node("Dropout", [x, graph.floats([0.3], [])]);
      const second = graph.node("Dropout", [first, graph.floats([0], [])]);
      return graph.node("Dropout", [graph.node("Sin", [second]), graph.floats([0.5], [])]);
    }),
    "Dropout behind a Transpose": onBatch([3, 4], (graph, x) =>
      graph.node("Dropout", [graph.node("Transpose", [x], { perm: ints([0, 2, 1]) }), graph.floats([0.5], [])]),
    ),
  };
  for (const [name, build] of Object.entries(cases)) {
    it(name, async () => {
      const { model, params, examples } = operatorCase(build, name.endsWith("one example") ? 1 : 5);
      // two passes of a batch of four and a batch of one
      const plan = {
        length: { localEpochs: 2 },
        batchSize: 4,
        optimiser: { kind: "sgd" },
        learningRate: 0.05,
      } as const;
      await expectTrainingAgrees(model, { params, examples, plan, seed: [6, 1] });
    });
  }
});
