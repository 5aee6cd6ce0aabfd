import { type Attributes, float, int, ints, text, type Value } from "../../../../node/training/graph/graph.ts";
import { NORMAL } from "../../gradients/operatorCase.ts";
import { type Build, type Builds, on } from "./build.ts";

/** Recurrences, and what behaves differently while a model is trained. */

/** [batch, steps 4, inputs 3] through a recurrence with 2 hidden units, with the states behind its end. */
const recurrent =
  (
    operator: "LSTM" | "GRU",
    direction: string,
    options: { bias?: boolean; initial?: boolean; attributes?: Attributes },
  ): Build =>
  (builder) => {
    const { graph } = builder;
    const [gates, hidden, directions] = [operator === "LSTM" ? 4 : 3, 2, direction === "bidirectional" ? 2 : 1];
    const x = graph.node("Transpose", [builder.example("x", "float32", [4, 3])], { perm: ints([1, 0, 2]) });
    const weights = [
      builder.param("w", [directions, gates * hidden, 3], NORMAL),
      builder.param("r", [directions, gates * hidden, hidden], NORMAL),
    ];
    const bias = options.bias === true ? builder.param("b", [directions, 2 * gates * hidden], NORMAL) : undefined;
    // every example starts from the same states
    const state = (name: string): Value =>
      graph.node("Expand", [builder.param(name, [directions, 1, hidden], NORMAL), graph.ints([directions, 3, hidden])]);
    const initial = options.initial === true ? [state("h"), ...(operator === "LSTM" ? [state("c")] : [])] : [];
    const outputs = graph.nodes(operator, [x, ...weights, bias, undefined, ...initial], operator === "LSTM" ? 3 : 2, {
      hidden_size: int(hidden),
      direction: text(direction),
      ...options.attributes,
    });
    const [all, ...lasts] = outputs.map((value) =>
      graph.node("Transpose", [value], { perm: ints(value.shape.length === 4 ? [2, 0, 1, 3] : [1, 0, 2]) }),
    );
    const flat = [all, ...lasts].map((value) => graph.node("Flatten", [value]));
    return graph.node("Concat", flat, { axis: int(1) });
  };

const normalised = (shape: readonly number[], axis: number, bias: boolean): Build =>
  on(shape, (graph, x) => {
    const size = shape.slice(axis < 0 ? axis + shape.length : axis - 1);
    const length = size.reduce((product, each) => product * each, 1);
    const values = (step: number): Value =>
      graph.floats(
        Array.from({ length }, (_, i) => 0.5 + step * i),
        size,
      );
    return graph.node("LayerNormalization", bias ? [x, values(0.3), values(-0.2)] : [x, values(0.3)], {
      axis: int(axis),
      epsilon: float(1e-3),
    });
  });

export const RECURRENT: Builds = {
  LSTM: recurrent("LSTM", "forward", {}),
  "LSTM backwards, with biases and first states": recurrent("LSTM", "reverse", { bias: true, initial: true }),
  "LSTM in both directions": recurrent("LSTM", "bidirectional", { bias: true, initial: true }),
  GRU: recurrent("GRU", "forward", {}),
  "GRU backwards, with biases and first states": recurrent("GRU", "reverse", { bias: true, initial: true }),
  "GRU in both directions, linear before reset": recurrent("GRU", "bidirectional", {
    bias: true,
    initial: true,
    attributes: { linear_before_reset: int(1) },
  }),
  LayerNormalization: normalised([2, 3], -1, true),
  "LayerNormalization over two axes": normalised([2, 3, 4], 2, false),
  InstanceNormalization: on([2, 5], (graph, x) =>
    graph.node("InstanceNormalization", [x, graph.floats([0.5, -2]), graph.floats([0.1, 3])], { epsilon: float(0.2) }),
  ),
  GroupNormalization: on([4, 2, 3], (graph, x) =>
    graph.node("GroupNormalization", [x, graph.floats([0.5, -2, 1, 3]), graph.floats([0.1, 3, -1, 0.6])], {
      num_groups: int(2),
      epsilon: float(0.2),
    }),
  ),
  BatchNormalization: on([3, 2], (graph, x) => {
    const [scale, shift, mean, variance] = [
      [1, 2, 0.5],
      [0, 1, -1],
      [0.1, -0.2, 0.3],
      [1.5, 0.5, 2],
    ].map((values) => graph.floats(values));
    return graph.node("BatchNormalization", [x, scale, shift, mean, variance], { epsilon: float(0.01) });
  }),
  "Dropout where nothing is trained": on([2, 3], (graph, x) => graph.node("Dropout", [x, graph.floats([0.5], [])])),
};
