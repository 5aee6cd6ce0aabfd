import { PacelineError } from "../../core/errors.ts";
import { atNode } from "../graph/atNode.ts";
import type { GraphBuilder } from "../graph/builder.ts";
import type { Attributes, Value } from "../graph/graph.ts";
import type { Gradient, GradientRule } from "./gradient.ts";
import { GRADIENT_RULES } from "./gradientRules.ts";

/** The gradients at a step's inputs, given those at its outputs. At least one of these is there. */
export type Backward = (
  builder: GraphBuilder,
  atOutputs: readonly (Value | undefined)[],
  wanted: readonly boolean[],
) => readonly (Gradient | undefined)[];

export interface TapeStep {
  readonly what: string;
  readonly inputs: readonly (Value | undefined)[];
  readonly outputs: readonly Value[];
  readonly backward: Backward;
}

/**
 * Adds nodes to a graph and remembers what they did, so that `differentiate` can go back over it. A step is a node whose
 * operator has a gradient rule, or a group of nodes that knows its gradient itself.
 */
export class Tape {
  readonly builder: GraphBuilder;
  readonly #steps: TapeStep[] = [];

  constructor(builder: GraphBuilder) {
    this.builder = builder;
  }

  get steps(): readonly TapeStep[] {
    return this.#steps;
  }

  node(operator: string, inputs: readonly (Value | undefined)[], attributes: Attributes = {}, name = ""): Value {
    return this.nodes(operator, inputs, 1, attributes, name)[0] as Value;
  }

  nodes(
    operator: string,
    inputs: readonly (Value | undefined)[],
    outputCount: number,
    attributes: Attributes = {},
    name = "",
  ): readonly Value[] {
    const outputs = this.builder.nodes(operator, inputs, outputCount, attributes, name);
    const backward: Backward = (builder, atOutputs, wanted) =>
      atNode(operator, name, () =>
        gradientRule(operator)({ builder, operator, inputs, outputs, attributes, atOutputs, wanted }),
      );
    this.#steps.push({ what: operator, inputs, outputs, backward });
    return outputs;
  }

  /** Nodes that were added to the builder directly, as one step. */
  group(
    what: string,
    inputs: readonly (Value | undefined)[],
    outputs: readonly Value[],
    backward: Backward,
  ): readonly Value[] {
    this.#steps.push({ what, inputs, outputs, backward });
    return outputs;
  }
}

function gradientRule(operator: string): GradientRule {
  const rule = Object.hasOwn(GRADIENT_RULES, operator) ? GRADIENT_RULES[operator] : undefined;
  if (rule !== undefined) return rule;
  throw new PacelineError("unsupported", `the operator ${operator} has no gradient, so the model cannot be trained`);
}
