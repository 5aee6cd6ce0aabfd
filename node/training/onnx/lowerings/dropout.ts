import { PacelineError } from "../../../core/errors.ts";
import { constantNumbers } from "../../graph/attributes.ts";
import { DATA_TYPE, type Node, type Value, int } from "../../graph/graph.ts";
import type { Emission, Lowering } from "../emission.ts";

/**
 * Inverted dropout (Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", 2014): what is kept grows so
 * that the mean stays. dropoutNoise.ts says what is kept. While a model is trained its dropouts drop, whatever the file says of
 * `training_mode`: models are exported ready for prediction.
 */
export const dropout: Lowering = (emission, node) => {
  const data = emission.valueOf(node.inputs[0] as Value);
  const ratio = ratioOf(node);
  const dropping = emission.mode === "train" && ratio > 0;
  const { builder } = emission.tape;
  const kept = (): Value => builder.node("GreaterOrEqual", [emission.noiseFor(data), builder.floats([ratio], [])]);
  emission.define(node.outputs[0] as Value, dropping ? dropped(emission, data, kept(), ratio) : data);
};

/** `data` where it is kept, over the share that is kept. */
export function dropped({ tape }: Emission, data: Value, kept: Value, ratio: number): Value {
  const { builder } = tape;
  const ones = builder.node("Cast", [kept], { to: int(DATA_TYPE.float32) });
  return tape.node("Mul", [data, builder.node("Mul", [ones, builder.floats([1 / (1 - ratio)], [])])]);
}

/** @throws PacelineError `unsupported` where it is not constant, `bad-input` where it is not in [0, 1) */
export function ratioOf({ inputs }: Node): number {
  const ratio = inputs[1] === undefined ? 0.5 : (constantNumbers(inputs[1], "Dropout: the ratio")[0] as number);
  if (ratio >= 0 && ratio < 1) return ratio;
  throw new PacelineError("bad-input", `Dropout: the ratio is at least 0 and below 1, got ${ratio}`);
}
