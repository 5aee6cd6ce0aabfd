import type { GraphBuilder } from "../../../../node/training/graph/builder.ts";
import { type Attributes, DATA_TYPE, int, type Value } from "../../../../node/training/graph/graph.ts";
import type { ModelBuilder } from "../../../../node/training/models/modelBuilder.ts";
import { NORMAL } from "../../gradients/operatorCase.ts";

/** Makes an operator's model; what it returns is [batch, …]. */
export type Build = (builder: ModelBuilder) => Value;
export type Builds = Readonly<Record<string, Build>>;

/** An operator on normal numbers [batch, …shape] behind an addition of a param, so that inputs are not the examples alone. */
export const on =
  (shape: readonly number[], make: (graph: GraphBuilder, x: Value) => Value): Build =>
  (builder) => {
    const x = builder.example("x", "float32", shape);
    return make(builder.graph, builder.graph.node("Add", [x, builder.param("shift", [shape.at(-1)!], NORMAL)]));
  };

export const plain = (operator: string, attributes: Attributes = {}, shape: readonly number[] = [2, 3]): Build =>
  on(shape, (graph, x) => graph.node(operator, [x], attributes));

export const onBools = (operator: string): Build =>
  on([2, 3], (graph, x) => {
    const [high, low] = [
      graph.node("Greater", [x, graph.floats([0], [])]),
      graph.node("Less", [x, graph.floats([0.8], [])]),
    ];
    const found = graph.node(operator, operator === "Not" ? [high] : [high, low]);
    return graph.node("Cast", [found], { to: int(DATA_TYPE.float32) });
  });
