import { PacelineError } from "../../../core/errors.ts";
import { floatOf, intOf, textOf } from "../../graph/attributes.ts";
import type { Node } from "../../graph/graph.ts";
import type { Recurrence } from "./recurrence.ts";

/** @throws PacelineError `unsupported` naming the node, and what of a recurrent operator cannot be trained */
export function checkRecurrent(node: Node, { states, activations }: Recurrence): void {
  const { attributes, inputs } = node;
  if (inputs[4] !== undefined)
    throw unsupported(node, "lengths of sequences (sequence_lens): pad them and mask the loss");
  if (inputs[5 + states] !== undefined) throw unsupported(node, "peepholes");
  if (floatOf(attributes, "clip", 0) !== 0) throw unsupported(node, "clip");
  if (intOf(attributes, "layout", 0) !== 0) throw unsupported(node, "layout 1: use layout 0, steps before examples");
  if (intOf(attributes, "input_forget", 0) !== 0) throw unsupported(node, "input_forget");
  const direction = textOf(attributes, "direction", "forward");
  if (!["forward", "reverse", "bidirectional"].includes(direction))
    throw unsupported(node, `the direction ${direction}`);
  const given = attributes["activations"];
  if (given?.kind !== "strings") return;
  if (given.value.some((name, i) => name.toLowerCase() !== activations[i % activations.length]))
    throw unsupported(node, `the activations ${given.value.join(", ")}`);
}

function unsupported({ operator, name }: Node, what: string): PacelineError {
  const where = name === "" ? "" : `node "${name}": `;
  return new PacelineError("unsupported", `${where}the operator ${operator} is not trained with ${what}`, {
    node: name,
    operator,
  });
}
