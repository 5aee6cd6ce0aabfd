import { PacelineError } from "../../../core/errors.ts";
import { axisOf, intOf } from "../../graph/attributes.ts";
import type { Attributes, Value } from "../../graph/graph.ts";
import type { Lowering } from "../emission.ts";
import { dense } from "../gradient.ts";
import { arithmetic } from "../gradients/arithmetic.ts";
import { sumTo } from "../gradients/broadcasting.ts";
import type { Backward, Tape } from "../tape.ts";

/**
 * Layer normalisation (Ba, Kiros and Hinton, 2016) by the engine's own kernel, which hands out the mean and the inverse of the standard
 * deviation that the backward pass needs.
 */
export const layerNormalisation: Lowering = (emission, node) => {
  const outputs = normaliseLayer(emission.tape, emission.inputsOf(node), node.attributes);
  node.outputs.forEach((output, i) => emission.define(output, outputs[i] as Value));
};

/**
 * @param inputs x, scale, and a bias where there is one
 * @returns what is normalised, the mean, and the inverse of the standard deviation
 */
export function normaliseLayer(
  tape: Tape,
  inputs: readonly (Value | undefined)[],
  attributes: Attributes,
): readonly Value[] {
  const outputs = tape.builder.nodes("LayerNormalization", inputs, 3, attributes);
  const x = inputs[0] as Value;
  const axes = x.shape.map((_, axis) => axis).slice(axisOf(intOf(attributes, "axis", -1), x.shape.length));
  return tape.group("LayerNormalization", inputs, outputs, backward(inputs, outputs, axes));
}

/** With x̂ = (x − mean)/deviation and g = scale·atY, the gradient at x is (g − mean(g) − x̂·mean(g·x̂))/deviation. */
function backward(
  [x, scale, bias]: readonly (Value | undefined)[],
  [, mean, inverse]: readonly Value[],
  axes: readonly number[],
): Backward {
  return (builder, [atY, ...atStatistics], wanted) => {
    if (atY === undefined || atStatistics.some((gradient) => gradient !== undefined))
      throw new PacelineError("unsupported", "LayerNormalization has a gradient for its first output only");
    const m = arithmetic(builder);
    const average = (value: Value): Value => builder.node("ReduceMean", [value, builder.ints(axes)]);
    const normalised = m.mul(m.sub(x as Value, mean as Value), inverse as Value);
    const atX = (): Value => {
      const scaled = m.mul(atY, scale as Value);
      const along = m.mul(normalised, average(m.mul(scaled, normalised)));
      return m.mul(m.sub(m.sub(scaled, average(scaled)), along), inverse as Value);
    };
    return [
      wanted[0] === true ? dense(atX()) : undefined,
      wanted[1] === true ? dense(sumTo(builder, m.mul(atY, normalised), scale as Value)) : undefined,
      bias !== undefined && wanted[2] === true ? dense(sumTo(builder, atY, bias)) : undefined,
    ];
  };
}
