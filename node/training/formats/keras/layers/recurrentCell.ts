import type { GraphBuilder } from "../../../graph/builder.ts";
import type { Value } from "../../../graph/graph.ts";
import type { LayerConfig } from "../layerConfig.ts";

/** One direction of a recurrent layer of Keras. Weights stay as Keras has them, and are put in ONNX's order in the graph. */
export interface CellRun {
  readonly builder: GraphBuilder;
  readonly config: LayerConfig;
  /** [batch, steps, inputs] */
  readonly x: Value;
  readonly steps: number;
  readonly units: number;
  /** [inputs, gates · units] */
  readonly kernel: Value;
  /** [units, gates · units] */
  readonly recurrentKernel: Value;
  /** [gates · units]; of a GRU that resets behind the product [2, gates · units]. Undefined without a bias. */
  readonly bias: Value | undefined;
  readonly activation: string;
  readonly recurrentActivation: string;
  /** From the last step to the first. */
  readonly reverse: boolean;
}

export interface CellResult {
  /** [batch, steps, units], each state at the step that it was computed from. */
  readonly states: Value;
  /** [batch, units]: the state after the last step that was computed. */
  readonly last: Value;
}

export interface Cell {
  readonly operator: "LSTM" | "GRU" | "RNN";
  readonly gates: number;
  /** Activations that ONNX's operator has by itself. */
  readonly usual: (run: CellRun) => boolean;
  /** Where ONNX's gates stand among Keras's. */
  readonly order: readonly number[];
  /** One step by itself: sums of the inputs [batch, gates · units], and the state before, undefined at the first step. */
  readonly step: (run: CellRun, sums: Value, before: StepState | undefined) => StepState;
}

export interface StepState {
  readonly hidden: Value;
  /** Of an LSTM. */
  readonly cell?: Value;
}
