import { describe, it } from "mocha";
import type { GraphBuilder } from "../../../node/training/graph/builder.ts";
import type { Value } from "../../../node/training/graph/graph.ts";
import { elementCount } from "../../../node/training/models/model.ts";
import type { ModelBuilder } from "../../../node/training/models/modelBuilder.ts";
import { NORMAL, operatorCase } from "./operatorCase.ts";
import { expectGradientsAgree } from "./oracle.ts";

/** Small models around one operator, in a line each. */

export type Build = (builder: ModelBuilder) => Value;
type Make = (graph: GraphBuilder, x: Value, builder: ModelBuilder) => Value;

/** An operator on [batch, …shape], where every element hangs on a param of its own and on the example. */
export function onBatch(shape: readonly number[], make: Make): Build {
  return (builder) => {
    const x = builder.example("x", "float32", shape);
    const moved = builder.graph.node("Add", [x, builder.param("p", shape, NORMAL)]);
    return make(builder.graph, moved, builder);
  };
}

/** An operator on params of these shapes alone; each element of what it makes counts by an example's number. */
export function onParams(
  shapes: readonly (readonly number[])[],
  make: (graph: GraphBuilder, ...params: Value[]) => Value,
): Build {
  return (builder) => {
    // the example must come first, and its size is known last
    const probe = builder.graph.body();
    const sizes = shapes.map((shape, i) => probe.input(`probe${i}`, "float32", shape));
    const made = make(probe, ...sizes).shape as readonly number[];
    const x = builder.example("x", "float32", [elementCount(made)]);
    const params = shapes.map((shape, i) => builder.param(`p${i}`, shape, NORMAL));
    const flat = builder.graph.node("Reshape", [make(builder.graph, ...params), builder.graph.ints([-1])]);
    return builder.graph.node("Mul", [x, flat]);
  };
}

/** Away from 0: eᵖ. */
export function positive(graph: GraphBuilder, x: Value): Value {
  return graph.node("Exp", [x]);
}

/**
 * One test an entry.
 * @param count of examples; another one draws other numbers, where some lie too near to a kink
 */
export function describeGradients(title: string, cases: Readonly<Record<string, Build>>, count = 3): void {
  describe(`the gradient of ${title} is tfjs's, and that of differences of the loss:`, () => {
    for (const [name, build] of Object.entries(cases)) {
      it(name, async () => {
        const { model, params, examples } = operatorCase(build, count);
        await expectGradientsAgree(model, params, examples);
      });
    }
  });
}
