import { Tensor } from "onnxruntime-node";
import { GraphBuilder } from "../../../node/training/graph/builder.ts";
import type { Graph, Value } from "../../../node/training/graph/graph.ts";
import { elementCount } from "../../../node/training/models/model.ts";
import { differentiate } from "../../../node/training/onnx/differentiate.ts";
import { toDense } from "../../../node/training/onnx/gradient.ts";
import { acquireSession } from "../../../node/training/onnx/sessions.ts";
import { Tape } from "../../../node/training/onnx/tape.ts";

export interface Point {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

export const numbers = (...values: readonly number[]): Point => ({ shape: [values.length], values });

/**
 * Gradients at some values of what `build` makes of them, where the gradient at the result is 1, 2, 3, …, so that places show.
 * @returns one list a value; undefined where the result does not depend on it
 */
export async function gradientsAt(
  points: readonly Point[],
  build: (tape: Tape, ...values: readonly Value[]) => Value,
): Promise<readonly (readonly number[] | undefined)[]> {
  const { graph, found } = gradientGraph(points, build);
  const session = acquireSession(graph, { threads: 1 });
  try {
    const feeds = points.map(
      ({ shape, values }, i) => [`x${i}`, new Tensor("float32", Float32Array.from(values), [...shape])] as const,
    );
    const outputs = await session.run(Object.fromEntries(feeds));
    return found.map((is, i) => (is ? Array.from(outputs[`gradient${i}`]?.data as Float32Array) : undefined));
  } finally {
    await session.release();
  }
}

function gradientGraph(
  points: readonly Point[],
  build: (tape: Tape, ...values: readonly Value[]) => Value,
): { readonly graph: Graph; readonly found: readonly boolean[] } {
  const builder = new GraphBuilder("test");
  const tape = new Tape(builder);
  const values = points.map(({ shape }, i) => builder.input(`x${i}`, "float32", shape));
  const result = build(tape, ...values);
  const shape = result.shape as readonly number[];
  const atResult = builder.floats(
    Array.from({ length: elementCount(shape) }, (_, i) => i + 1),
    shape,
  );
  const gradients = differentiate(tape, result, atResult, values);
  gradients.forEach((gradient, i) => {
    if (gradient !== undefined) builder.output(toDense(builder, gradient, values[i] as Value), `gradient${i}`);
  });
  builder.output(result, "result");
  return { graph: builder.build(), found: gradients.map((gradient) => gradient !== undefined) };
}
