import type { GraphBuilder } from "../graph/builder.ts";
import { type Value, int } from "../graph/graph.ts";
import { type Gradient, type RowsGradient, dense, toDense, toInt64 } from "./gradient.ts";
import type { Tape, TapeStep } from "./tape.ts";

/**
 * Reverse-mode differentiation over a tape (Griewank and Walther, "Evaluating Derivatives", 2008, ch. 3): adds the backward
 * pass to the tape's builder.
 * @param output the value to be differentiated
 * @param atOutput the gradient of the loss at `output`, of its shape; all results are linear in it
 * @param wanted values that the output may depend on, such as the params
 * @returns one gradient a wanted value; undefined where the output does not depend on it
 * @throws PacelineError `unsupported` naming an operator without a gradient, and its node
 */
export function differentiate(
  tape: Tape,
  output: Value,
  atOutput: Value,
  wanted: readonly Value[],
): readonly (Gradient | undefined)[] {
  const { builder } = tape;
  const active = dependents(tape.steps, wanted);
  const found = new Map<string, Gradient>([[output.name, dense(atOutput)]]);
  for (const step of tape.steps.toReversed()) {
    const wantedInputs = step.inputs.map((input) => input !== undefined && active.has(input.name));
    if (!wantedInputs.includes(true)) continue;
    const atOutputs = step.outputs.map((value) => {
      const gradient = found.get(value.name);
      return gradient === undefined ? undefined : toDense(builder, gradient, value);
    });
    if (atOutputs.every((gradient) => gradient === undefined)) continue;
    step.backward(builder, atOutputs, wantedInputs).forEach((gradient, i) => {
      const input = step.inputs[i];
      if (gradient === undefined || input === undefined || wantedInputs[i] !== true) return;
      const before = found.get(input.name);
      found.set(input.name, before === undefined ? gradient : sum(builder, before, gradient, input));
    });
  }
  return wanted.map(({ name }) => found.get(name));
}

/** Names of all values that change with one of `sources` at a rate: integers and bools step, so nothing goes through them. */
function dependents(steps: readonly TapeStep[], sources: readonly Value[]): ReadonlySet<string> {
  const names = new Set(sources.map(({ name }) => name));
  for (const { inputs, outputs } of steps) {
    if (inputs.some((input) => input !== undefined && names.has(input.name)))
      for (const { name, type } of outputs) if (type === "float32") names.add(name);
  }
  return names;
}

function sum(builder: GraphBuilder, a: Gradient, b: Gradient, of: Value): Gradient {
  if (a.kind === "rows" && b.kind === "rows") return bothRows(builder, a, b, of);
  return dense(builder.node("Add", [toDense(builder, a, of), toDense(builder, b, of)]));
}

/** Rows of both, behind each other. */
function bothRows(builder: GraphBuilder, a: RowsGradient, b: RowsGradient, table: Value): Gradient {
  const row = table.shape.slice(1) as number[];
  const flat = ({ indices, rows }: RowsGradient): readonly [Value, Value] => [
    builder.node("Reshape", [toInt64(builder, indices), builder.ints([-1])]),
    builder.node("Reshape", [rows, builder.ints([-1, ...row])]),
  ];
  const [[aIndices, aRows], [bIndices, bRows]] = [flat(a), flat(b)];
  return {
    kind: "rows",
    indices: builder.node("Concat", [aIndices, bIndices], { axis: int(0) }),
    rows: builder.node("Concat", [aRows, bRows], { axis: int(0) }),
  };
}
