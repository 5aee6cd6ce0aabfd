import { PacelineError } from "../../../core/errors.ts";
import { intOf } from "../../graph/attributes.ts";
import type { Attributes } from "../../graph/graph.ts";
import { type Converter, type Converters, addNode } from "./converter.ts";
import { type ImportContext, graphAttributes } from "./importContext.ts";
import { numbersOf } from "./known.ts";
import type { RawNode } from "./rawModel.ts";

/** LSTM and GRU start from zeros and read every step: what says so in the file is left out, anything else is refused. */

const SEQUENCE_LENGTHS = 4;

/** @param states where the initial states are among the inputs */
const recurrence =
  (states: readonly number[]): Converter =>
  (node, context) => {
    const attributes = graphAttributes(node);
    if (intOf(attributes, "layout", 0) !== 0)
      throw new PacelineError("unsupported", "the layout with the batch first is not supported: export with layout 0");
    if (node.inputs.some((name, i) => i > Math.max(...states) && name !== ""))
      throw new PacelineError("unsupported", "peepholes are not supported");
    requireAllSteps(node, context);
    for (const state of states) requireZeros(node.inputs[state], context);
    const inputs = node.inputs.slice(0, SEQUENCE_LENGTHS).map((name) => context.optionalValue(name));
    addNode(node, context, inputs, withoutDefaults(node, attributes));
  };

function requireAllSteps({ inputs }: RawNode, context: ImportContext): void {
  const name = inputs[SEQUENCE_LENGTHS];
  if (name === undefined || name === "") return;
  const entry = context.entry(name);
  const [steps] = context.typed(inputs[0] ?? "").shape;
  const known = context.known(name);
  const lengths = entry.kind === "filled" ? [entry.filled.fill] : known && numbersOf(known);
  if (lengths?.every((length) => length === steps) !== true)
    throw new PacelineError("unsupported", "sequences that end before the last step are not supported");
}

function requireZeros(name: string | undefined, context: ImportContext): void {
  if (name === undefined || name === "") return;
  const entry = context.entry(name);
  const zero =
    entry.kind === "filled"
      ? entry.filled.fill === 0
      : entry.kind === "constant"
        ? entry.constant.data.every((element) => Number(element) === 0)
        : entry.kind === "known" && entry.known.elements.every((element) => element === 0);
  if (!zero) throw new PacelineError("unsupported", "an initial state other than zeros is not supported");
}

const DEFAULT_ACTIVATIONS: Readonly<Record<string, readonly string[]>> = {
  LSTM: ["sigmoid", "tanh", "tanh"],
  GRU: ["sigmoid", "tanh"],
  RNN: ["tanh"],
};

/** Engines know the usual activations by their being left out. */
function withoutDefaults(node: RawNode, attributes: Attributes): Attributes {
  const { activations, layout: _, ...others } = attributes;
  if (activations?.kind !== "strings") return others;
  const defaults = DEFAULT_ACTIVATIONS[node.operator] ?? [];
  const usual = activations.value.every((name, i) => name.toLowerCase() === defaults[i % defaults.length]);
  return usual ? others : { ...others, activations };
}

export const RECURRENCES: Converters = {
  LSTM: recurrence([5, 6]),
  GRU: recurrence([5]),
  RNN: recurrence([5]),
};
