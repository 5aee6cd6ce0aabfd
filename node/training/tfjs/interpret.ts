import * as tf from "@tensorflow/tfjs-core";
import { messageOf, PacelineError } from "../../core/errors.ts";
import type { Constant, Graph, Node } from "../graph/graph.ts";
import { OperatorCall, type Operators } from "./operator.ts";
import { ELEMENTWISE } from "./operators/elementwise.ts";
import { LOOK_UPS } from "./operators/lookUps.ts";
import { NORMALISATION } from "./operators/normalisation.ts";
import { PRODUCTS } from "./operators/products.ts";
import { RECURRENT } from "./operators/recurrent.ts";
import { REDUCTIONS } from "./operators/reductions.ts";
import { STRUCTURE } from "./operators/structure.ts";
import { WINDOWS } from "./operators/windows.ts";
import type { Pass } from "./pass.ts";

const OPERATORS: Operators = {
  ...ELEMENTWISE,
  ...STRUCTURE,
  ...LOOK_UPS,
  ...REDUCTIONS,
  ...PRODUCTS,
  ...WINDOWS,
  ...NORMALISATION,
  ...RECURRENT,
};

export const TFJS_OPERATORS: readonly string[] = Object.keys(OPERATORS);

/**
 * Runs a graph of ONNX operators with tfjs's, in the layout of ONNX (channels before height and width).
 * @param bindings the values of the graph's inputs and constants, by name
 * @returns the graph's first output
 * @throws PacelineError `unsupported` or `bad-input` naming the operator and its node
 */
export function interpret(graph: Graph, bindings: ReadonlyMap<string, tf.Tensor>, pass: Pass): tf.Tensor {
  const values = new Map(bindings);
  for (const node of graph.nodes) {
    const results = run(node, values, pass);
    node.outputs.forEach(({ name }, i) => {
      const result = results[i];
      if (result !== undefined) values.set(name, result);
    });
  }
  return valueOf(values, graph.outputs[0]!.name);
}

/** @throws PacelineError `unsupported` naming the first operator that the engine does not have */
export function checkOperators(graph: Graph): void {
  for (const node of graph.nodes) operatorOf(node);
}

function run(node: Node, values: ReadonlyMap<string, tf.Tensor>, pass: Pass): readonly tf.Tensor[] {
  const operator = operatorOf(node);
  const inputs = node.inputs.map((input) => (input === undefined ? undefined : valueOf(values, input.name)));
  try {
    const result = operator(new OperatorCall(node, inputs, pass));
    return Array.isArray(result) ? (result as tf.Tensor[]) : [result as tf.Tensor];
  } catch (error) {
    const code = error instanceof PacelineError ? error.code : "bad-input";
    throw new PacelineError(code, `${placeOf(node)}: ${messageOf(error)}`, { operator: node.operator }, error);
  }
}

function operatorOf(node: Node): Operators[string] {
  const operator = Object.hasOwn(OPERATORS, node.operator) ? OPERATORS[node.operator] : undefined;
  if (operator !== undefined) return operator;
  throw new PacelineError("unsupported", `${placeOf(node)}: the tfjs engine does not have this operator`, {
    operator: node.operator,
  });
}

/** The node as people know it: by its name in the file, else by what it makes. */
function placeOf({ operator, name, outputs }: Node): string {
  return `${operator} "${name === "" ? (outputs[0]?.name ?? "") : name}"`;
}

function valueOf(values: ReadonlyMap<string, tf.Tensor>, name: string): tf.Tensor {
  const value = values.get(name);
  if (value === undefined) throw new PacelineError("bad-input", `the value ${name} is used before it is made`);
  return value;
}

/** The graph's constants as tensors, by name. */
export function constantTensors({ constants }: Graph): ReadonlyMap<string, tf.Tensor> {
  return new Map(constants.map((constant) => [constant.name, constantTensor(constant)]));
}

function constantTensor({ type, data, shape }: Constant): tf.Tensor {
  const size = [...shape];
  if (type === "float32") return tf.tensor(data as Float32Array, size, "float32");
  if (type === "bool") return tf.tensor(data as Uint8Array, size, "bool");
  return tf.tensor(
    data instanceof BigInt64Array ? Int32Array.from(data, toInt32) : (data as Int32Array),
    size,
    "int32",
  );
}

/** tfjs has no 64-bit integers; what they are for (sizes, indices, "to the end") fits. */
function toInt32(value: bigint): number {
  return Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, Number(value)));
}
