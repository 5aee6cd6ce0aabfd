import { type Attributes, DATA_TYPE, int } from "../../../../node/training/graph/graph.ts";
import { type Build, type Builds, on, onBools } from "./build.ts";

/** Operators of several inputs. */

/** Two inputs that broadcast against each other in both directions. */
const pair = (operator: string, attributes: Attributes = {}): Build =>
  on([2, 3], (graph, x) => {
    const other = graph.floats([0.7, -1.3, 1.6, 0.4], [4, 1, 1]);
    return graph.node(operator, [graph.node("Unsqueeze", [x, graph.ints([1])]), other], attributes);
  });

const compared = (operator: string): Build =>
  on([2, 3], (graph, x) => {
    const found = graph.node(operator, [x, graph.floats([0.1, -0.2, 0.3])]);
    return graph.node("Cast", [found], { to: int(DATA_TYPE.float32) });
  });

const integers = (operator: string, attributes: Attributes = {}): Build =>
  on([2, 3], (graph, x) => {
    const scaled = graph.node("Mul", [x, graph.floats([10], [])]);
    const whole = graph.node("Cast", [scaled], { to: int(DATA_TYPE.int32) });
    const found = graph.node(operator, [whole, graph.ints32([3, -4, 7])], attributes);
    return graph.node("Cast", [found], { to: int(DATA_TYPE.float32) });
  });

export const BROADCASTING: Builds = {
  ...Object.fromEntries(
    ["Add", "Sub", "Mul", "Div", "Min", "Max", "Sum", "Mean"].map((operator) => [operator, pair(operator)]),
  ),
  ...Object.fromEntries(["And", "Or", "Xor"].map((operator) => [operator, onBools(operator)])),
  ...Object.fromEntries(
    ["Greater", "GreaterOrEqual", "Less", "LessOrEqual"].map((operator) => [operator, compared(operator)]),
  ),
  Equal: integers("Equal"),
  "Div of integers": integers("Div"),
  "Mod of integers": integers("Mod"),
  "Mod of integers as in C": integers("Mod", { fmod: int(1) }),
  "Pow of positive numbers": on([2, 3], (graph, x) =>
    graph.node("Pow", [graph.node("Exp", [x]), graph.floats([0.5, -1, 3])]),
  ),
  "Pow of numbers below 0": on([2, 3], (graph, x) => graph.node("Pow", [x, graph.floats([3], [])])),
  "Sum of three": on([2, 3], (graph, x) => graph.node("Sum", [x, x, graph.floats([1, 2, 3])])),
  Where: on([2, 3], (graph, x) =>
    graph.node("Where", [graph.node("Greater", [x, graph.floats([0], [])]), x, graph.floats([5, 6, 7])]),
  ),
};
