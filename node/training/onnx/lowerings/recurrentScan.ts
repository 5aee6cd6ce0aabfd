import type { GraphBuilder } from "../../graph/builder.ts";
import { type Dim, type Value, int, ints } from "../../graph/graph.ts";

/** An ONNX `Scan` over the steps of a sequence. */

export interface ScanStep {
  /** Of the states' types and shapes. */
  readonly states: readonly Value[];
  /** What the step adds to the stacked outputs. */
  readonly outputs: readonly Value[];
}

export interface Scanned {
  /** After the last step. */
  readonly states: readonly Value[];
  /** By step, in the order of the sequence also where it was gone through backwards. */
  readonly outputs: readonly Value[];
}

/**
 * @param states before the first step
 * @param sequences cut along their first axis, one part a step
 * @param backwards from the last step to the first
 */
export function addScan(
  builder: GraphBuilder,
  states: readonly Value[],
  sequences: readonly Value[],
  backwards: boolean,
  step: (body: GraphBuilder, states: readonly Value[], parts: readonly Value[]) => ScanStep,
): Scanned {
  const body = builder.body();
  const bodyStates = states.map(({ type, shape }) => body.input(body.freshName("state"), type, shape));
  const parts = sequences.map(({ type, shape }) => body.input(body.freshName("part"), type, shape.slice(1)));
  const made = step(body, bodyStates, parts);
  declareOutputs(body, [...made.states, ...made.outputs]);
  const steps = sequences[0]?.shape[0] as Dim;
  const stacked = made.outputs.map(({ type, shape }) => ({ type, shape: [steps, ...shape] }));
  const direction = (values: readonly Value[]): ReturnType<typeof ints> => ints(values.map(() => (backwards ? 1 : 0)));
  const all = builder.typedNodes("Scan", [...states, ...sequences], [...states, ...stacked], {
    body: { kind: "graph", value: body.build() },
    num_scan_inputs: int(sequences.length),
    scan_input_directions: direction(sequences),
    ...(stacked.length > 0 ? { scan_output_directions: direction(made.outputs) } : {}),
  });
  return { states: all.slice(0, states.length), outputs: all.slice(states.length) };
}

/** Under their own names, which costs no copy; a value that is declared already needs another. */
function declareOutputs(body: GraphBuilder, values: readonly Value[]): void {
  const declared = new Set<string>();
  for (const value of values) {
    if (declared.has(value.name)) body.output(value, body.freshName("again"));
    else body.output(value);
    declared.add(value.name);
  }
}
