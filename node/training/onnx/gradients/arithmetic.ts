import type { GraphBuilder } from "../../graph/builder.ts";
import { DATA_TYPE, type Value, int } from "../../graph/graph.ts";

export type Operand = Value | number;
type Binary = (a: Operand, b: Operand) => Value;
type Unary = (a: Operand) => Value;

/** Formulas that read as such; a number is a scalar float32. */
export interface Arithmetic {
  readonly add: Binary;
  readonly sub: Binary;
  readonly mul: Binary;
  readonly div: Binary;
  readonly pow: Binary;
  readonly max: Binary;
  readonly min: Binary;
  readonly neg: Unary;
  readonly exp: Unary;
  readonly log: Unary;
  readonly sqrt: Unary;
  readonly abs: Unary;
  readonly erf: Unary;
  readonly tanh: Unary;
  readonly sigmoid: Unary;
  readonly cos: Unary;
  readonly sin: Unary;
  /** Bools. */
  readonly greater: Binary;
  readonly less: Binary;
  readonly equal: Binary;
  readonly atLeast: Binary;
  /** Of integers; of bools, 1 and 0: with Mul, faster than Where on the CPU. */
  float(value: Value): Value;
  select(condition: Value, whenTrue: Operand, whenFalse: Operand): Value;
}

export function arithmetic(builder: GraphBuilder): Arithmetic {
  const operand = (a: Operand): Value => (typeof a === "number" ? builder.floats([a], []) : a);
  const binary =
    (operator: string): Binary =>
    (a, b) =>
      builder.node(operator, [operand(a), operand(b)]);
  const unary =
    (operator: string): Unary =>
    (a) =>
      builder.node(operator, [operand(a)]);
  return {
    add: binary("Add"),
    sub: binary("Sub"),
    mul: binary("Mul"),
    div: binary("Div"),
    pow: binary("Pow"),
    max: binary("Max"),
    min: binary("Min"),
    neg: unary("Neg"),
    exp: unary("Exp"),
    log: unary("Log"),
    sqrt: unary("Sqrt"),
    abs: unary("Abs"),
    erf: unary("Erf"),
    tanh: unary("Tanh"),
    sigmoid: unary("Sigmoid"),
    cos: unary("Cos"),
    sin: unary("Sin"),
    greater: binary("Greater"),
    less: binary("Less"),
    equal: binary("Equal"),
    atLeast: binary("GreaterOrEqual"),
    float: (value) => builder.node("Cast", [value], { to: int(DATA_TYPE.float32) }),
    select: (condition, whenTrue, whenFalse) =>
      builder.node("Where", [condition, operand(whenTrue), operand(whenFalse)]),
  };
}
