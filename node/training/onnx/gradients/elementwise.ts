import { DATA_TYPE, type Value, int } from "../../graph/graph.ts";
import { type GradientRule, type GradientRules, dense } from "../gradient.ts";
import { sumTo } from "./broadcasting.ts";

/** Operators that act on each element by itself. */

/** Greater, Cast, Mul: several times faster than Where or Sign on the CPU. */
const relu: GradientRule = ({ builder, outputs, atOutputs }) => {
  const positive = builder.node("Greater", [outputs[0], builder.floats([0], [])]);
  const mask = builder.node("Cast", [positive], { to: int(DATA_TYPE.float32) });
  return [dense(builder.node("Mul", [atOutputs[0], mask]))];
};

const add: GradientRule = ({ builder, inputs, atOutputs, wanted }) =>
  inputs.map((input, i) =>
    wanted[i] === true ? dense(sumTo(builder, atOutputs[0] as Value, input as Value)) : undefined,
  );

const mul: GradientRule = ({ builder, inputs, atOutputs, wanted }) => {
  const [a, b] = inputs as [Value, Value];
  const at = (input: Value, factor: Value): Value => sumTo(builder, builder.node("Mul", [atOutputs[0], factor]), input);
  return [wanted[0] === true ? dense(at(a, b)) : undefined, wanted[1] === true ? dense(at(b, a)) : undefined];
};

const identity: GradientRule = ({ atOutputs }) => [dense(atOutputs[0] as Value)];

export const ELEMENTWISE: GradientRules = { Relu: relu, Add: add, Mul: mul, Identity: identity };
