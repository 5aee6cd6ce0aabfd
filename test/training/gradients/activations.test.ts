import { type Attributes, float, text } from "../../../node/training/graph/graph.ts";
import { type Build, describeGradients, onBatch } from "./operands.ts";

const activation = (operator: string, attributes: Attributes = {}): Build =>
  onBatch([3, 4], (graph, x) => graph.node(operator, [x], attributes));

/** On numbers of which some lie in each of its parts. */
const wide = (operator: string, attributes: Attributes = {}): Build =>
  onBatch([3, 4], (graph, x) => graph.node(operator, [graph.node("Mul", [x, graph.floats([3], [])])], attributes));

describeGradients(
  "activation functions",
  {
    Relu: activation("Relu"),
    LeakyRelu: activation("LeakyRelu"),
    "LeakyRelu with a slope of its own": activation("LeakyRelu", { alpha: float(0.3) }),
    Sigmoid: activation("Sigmoid"),
    Tanh: activation("Tanh"),
    Softplus: wide("Softplus"),
    Softsign: activation("Softsign"),
    Elu: activation("Elu"),
    "Elu with a slope of its own": activation("Elu", { alpha: float(1.7) }),
    Selu: activation("Selu"),
    "Selu with slopes of its own": activation("Selu", { alpha: float(1.2), gamma: float(0.8) }),
    HardSigmoid: wide("HardSigmoid"),
    "HardSigmoid as PyTorch has it": wide("HardSigmoid", { alpha: float(1 / 6), beta: float(0.5) }),
    HardSwish: wide("HardSwish"),
    Gelu: activation("Gelu"),
    "Gelu by tanh": activation("Gelu", { approximate: text("tanh") }),
    "PRelu with a slope a channel": onBatch([3, 4], (graph, x, builder) =>
      graph.node("PRelu", [x, builder.param("slope", [3, 1], { kind: "normal", stddev: 0.3 })]),
    ),
    "PRelu with a single slope": onBatch([3, 4], (graph, x, builder) =>
      graph.node("PRelu", [x, builder.param("slope", [1], { kind: "normal", stddev: 0.3 })]),
    ),
  },
  4,
);
