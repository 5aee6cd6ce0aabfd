import { PacelineError } from "../../../core/errors.ts";
import { inferShapes } from "../../graph/inferShapes.ts";
import { errorAt, requireFewNodes } from "../guard.ts";
import { type Converter, type Converters, addNode, fold } from "./converter.ts";
import { type ImportContext, graphAttributes } from "./importContext.ts";
import { ML_OPERATORS } from "./mlOperators.ts";
import { describeNode, type RawNode } from "./rawModel.ts";
import { RECURRENCES } from "./recurrences.ts";
import { SHAPE_OPERATORS } from "./shapeOperators.ts";
import { UPGRADES } from "./upgrades.ts";

const STANDARD: Converters = { ...SHAPE_OPERATORS, ...UPGRADES, ...RECURRENCES };

const OLDEST_SET = 13;
const NEWEST_SET = 21;
/**
 * What has meant the same since set 9: exporters that pick each operator's oldest version write low numbers for files that use
 * nothing else.
 */
const UNCHANGED = new Set(
  "Identity Cast MatMul Gemm Add Sub Mul Div Relu Tanh Sigmoid Transpose Reshape Concat Constant".split(" "),
);

/** @throws PacelineError naming the node */
export function convertNode(node: RawNode, context: ImportContext): void {
  try {
    converterOf(node, context)(node, context);
    requireFewNodes("the graph up to here", context.model.graph.nodeCount);
  } catch (error) {
    throw errorAt(describeNode(node), error, { operator: node.operator, node: node.name });
  }
}

function converterOf({ operator, domain }: RawNode, { operatorSet }: ImportContext): Converter {
  if (domain === "") {
    const old = operatorSet < OLDEST_SET && !(operatorSet >= 9 && UNCHANGED.has(operator));
    if (old || operatorSet > NEWEST_SET)
      throw new PacelineError(
        "unsupported",
        `the file uses operator set ${operatorSet}; sets ${OLDEST_SET} to ${NEWEST_SET} are supported: export it with one of these (opset_version)`,
      );
    return Object.hasOwn(STANDARD, operator) ? (STANDARD[operator] as Converter) : convertAsItIs;
  }
  if (domain === "ai.onnx.ml" && Object.hasOwn(ML_OPERATORS, operator)) return ML_OPERATORS[operator] as Converter;
  throw new PacelineError("unsupported", `the operator ${operator} of the domain ${domain} is not supported`);
}

/** What makes a tensor of the same number everywhere from one. */
const KEEPS_FILL = new Set(["Unsqueeze", "Squeeze", "Transpose", "Slice"]);

/** Folds the node where all it reads is known, and otherwise adds it to the graph. */
function convertAsItIs(node: RawNode, context: ImportContext): void {
  const attributes = graphAttributes(node);
  const known = fold(node, context, attributes);
  const [output = ""] = node.outputs;
  if (known !== undefined) return context.define(output, { kind: "known", known });
  if (KEEPS_FILL.has(node.operator) && context.entry(node.inputs[0] ?? "").kind === "filled")
    return keepFill(node, context);
  const inputs = node.inputs.map((name) => context.optionalValue(name));
  addNode(node, context, inputs, attributes);
}

function keepFill(node: RawNode, context: ImportContext): void {
  const [first = "", ...others] = node.inputs;
  const entry = context.entry(first);
  if (entry.kind !== "filled") return;
  const { filled } = entry;
  const inputs = [
    { name: first, type: filled.type, shape: filled.shape },
    ...others.map((name) => context.optionalValue(name)),
  ];
  const question = { operator: node.operator, inputs, attributes: graphAttributes(node), outputCount: 1 };
  const shape = inferShapes(question)[0]?.shape ?? [];
  context.define(node.outputs[0] ?? "", { kind: "filled", filled: { ...filled, shape } });
}
