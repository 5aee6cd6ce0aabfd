import { DATA_TYPE, float, int, text } from "../../../../node/training/graph/graph.ts";
import { type Build, type Builds, on, onBools, plain } from "./build.ts";

/** Operators of one input. */

/** Of numbers above 0. */
const positive = (operator: string): Build => on([2, 3], (graph, x) => graph.node(operator, [graph.node("Exp", [x])]));

export const UNARY: Builds = {
  ...Object.fromEntries(
    "Neg Exp Relu Sigmoid Tanh Erf Softplus Softsign Elu Selu HardSigmoid HardSwish Identity Abs Reciprocal Sin Cos Sign Floor Ceil Round"
      .split(" ")
      .map((operator) => [operator, plain(operator)]),
  ),
  Log: positive("Log"),
  Sqrt: positive("Sqrt"),
  "Elu with alpha": plain("Elu", { alpha: float(0.3) }),
  "LeakyRelu with alpha": plain("LeakyRelu", { alpha: float(0.2) }),
  "LeakyRelu by default": plain("LeakyRelu"),
  PRelu: on([2, 3], (graph, x) => graph.node("PRelu", [x, graph.floats([0.1, 0.5, 2])])),
  Gelu: plain("Gelu"),
  "Gelu with tanh": plain("Gelu", { approximate: text("tanh") }),
  Softmax: plain("Softmax"),
  "Softmax on an inner axis": plain("Softmax", { axis: int(1) }, [3, 2, 2]),
  LogSoftmax: plain("LogSoftmax", { axis: int(-1) }),
  "LogSoftmax on an inner axis": plain("LogSoftmax", { axis: int(2) }, [3, 2, 2]),
  Clip: on([2, 3], (graph, x) => graph.node("Clip", [x, graph.floats([-0.5], []), graph.floats([0.8], [])])),
  "Clip from above only": on([2, 3], (graph, x) => graph.node("Clip", [x, undefined, graph.floats([0.3], [])])),
  CumSum: on([2, 3], (graph, x) => graph.node("CumSum", [x, graph.ints32([-1], [])], { exclusive: int(1) })),
  "Cast to integers and back": on([2, 3], (graph, x) => {
    const scaled = graph.node("Mul", [x, graph.floats([10], [])]);
    return graph.node("Cast", [graph.node("Cast", [scaled], { to: int(DATA_TYPE.int64) })], {
      to: int(DATA_TYPE.float32),
    });
  }),
  Not: onBools("Not"),
};
