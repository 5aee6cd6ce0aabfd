import type { GraphBuilder } from "../../graph/builder.ts";
import type { Value } from "../../graph/graph.ts";

/**
 * One direction of a recurrent layer, as lstm.ts, gru.ts and rnn.ts do it: the products of all steps' inputs at once, a `Scan` over the
 * steps that keeps what the backward pass needs, and on the way back a `Scan` that finds the gradients at the gates, and the gradients
 * of the weights as single products over all steps.
 *
 * Inside, examples are columns: a step is gates = R [gates · hidden, hidden] · h [hidden, batch]. The engine packs the right factor
 * at each product, which is then a small batch and not the weights.
 */
export interface Recurrence {
  /** Rows of W and R a hidden unit. */
  readonly gates: number;
  /** Tensors that go from step to step: the hidden state, then others. */
  readonly states: number;
  /** Lower case; as ONNX has them where the node does not say. */
  readonly activations: readonly string[];
  run(builder: GraphBuilder, direction: Direction): DirectionRun;
}

/** What a direction reads. */
export interface Direction {
  /** [steps, batch, inputs] */
  readonly x: Value;
  /** W [gates · hidden, inputs] */
  readonly inputWeight: Value;
  /** R [gates · hidden, hidden] */
  readonly recurrentWeight: Value;
  /** Wb, [gates · hidden] */
  readonly inputBias: Value;
  /** Rb, [gates · hidden] */
  readonly recurrentBias: Value;
  /** Before the first step, [hidden, batch] each. */
  readonly initial: readonly Value[];
  readonly hidden: number;
  /** From the last step to the first. */
  readonly backwards: boolean;
}

export interface DirectionRun {
  /** Hidden states by step, [steps, batch, hidden]. */
  readonly y: Value;
  /** States after the last step, [hidden, batch] each. */
  readonly last: readonly Value[];
  backward(gradients: DirectionGradientsIn, wanted: { readonly x: boolean }): DirectionGradients;
}

/** Gradients at what a direction put out. */
export interface DirectionGradientsIn {
  /** [steps, batch, hidden]; undefined where nothing came back. */
  readonly y: Value | undefined;
  /** [hidden, batch] each. */
  readonly last: readonly Value[];
}

/** Gradients at what a direction read, of the same shapes. */
export interface DirectionGradients {
  readonly x: Value | undefined;
  readonly inputWeight: Value;
  readonly recurrentWeight: Value;
  readonly inputBias: Value;
  readonly recurrentBias: Value;
  readonly initial: readonly Value[];
}
