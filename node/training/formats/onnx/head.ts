import { PacelineError } from "../../../core/errors.ts";
import { type Activation, type LossKind, takeOff } from "../outputs.ts";
import { knownOf, numbersOf } from "./known.ts";
import type { RawGraph } from "./rawGraph.ts";
import type { RawNode, RawValue } from "./rawModel.ts";

/** The end of a file's graph: which output is trained, and the activation that stands before it. */

export interface Head {
  /** The name of the output in the file. */
  readonly output: string;
  /** What was taken off. */
  readonly activation: Activation;
  /** Values that stand for others, so that the activation is passed by. */
  readonly aliases: ReadonlyMap<string, string>;
  /** The node that the activation was, or was part of. */
  readonly node: RawNode | undefined;
  /** Undefined where neither the activation nor the caller says it: the size of the outputs decides. */
  readonly loss: LossKind | undefined;
}

/** @throws PacelineError `bad-input` where it is not clear which output is meant, or the loss does not fit the activation */
export function findHead(graph: RawGraph, wanted: string | undefined, loss: LossKind | undefined): Head {
  const { name: output } = chooseOutput(graph, wanted);
  const found = findActivation(graph, output);
  const { activation, loss: kind } = takeOff(found.activation, loss, output);
  return activation === found.activation
    ? { output, ...found, loss: kind }
    : { output, activation, aliases: new Map(), node: undefined, loss: kind };
}

/** Labels are made from the same probabilities that are trained; they are left out. */
function chooseOutput(graph: RawGraph, wanted: string | undefined): RawValue {
  const { outputs } = graph.model;
  const names = (values: readonly RawValue[]): string => values.map(({ name }) => `"${name}"`).join(", ");
  if (wanted !== undefined) {
    const named = outputs.find(({ name }) => name === wanted);
    if (named === undefined)
      throw new PacelineError("bad-input", `the model has no output "${wanted}": it has ${names(outputs)}`);
    return named;
  }
  const numbers = outputs.filter(
    ({ name, type }) => type === "float32" || graph.producerOf(name)?.operator === "ZipMap",
  );
  const [only] = numbers;
  if (only === undefined)
    throw new PacelineError("bad-input", `none of the model's outputs is of numbers: ${names(outputs)}`);
  if (numbers.length > 1)
    throw new PacelineError(
      "bad-input",
      `the model has several outputs of numbers, ${names(numbers)}: name one by "output" in the model's spec`,
    );
  return only;
}

/** Operators that hand values on, in this or another shape. */
const PASSES = new Set(["Identity", "Cast", "ZipMap"]);
const RESHAPES = new Set(["Squeeze", "Unsqueeze", "Reshape", "Flatten"]);

function findActivation(graph: RawGraph, output: string): Pick<Head, "activation" | "aliases" | "node"> {
  const none = { activation: "none", aliases: new Map<string, string>(), node: undefined } as const;
  let reshaped = false;
  let normalised: RawNode | undefined;
  for (let name = output; ;) {
    const node = graph.producerOf(name);
    if (node === undefined) return none;
    const [input = ""] = node.inputs;
    if (PASSES.has(node.operator)) name = input;
    else if (RESHAPES.has(node.operator)) [name, reshaped] = [input, true];
    else if (node.operator === "Normalizer" && textAttribute(node, "norm") === "L1") [name, normalised] = [input, node];
    else {
      const activation = activationOf(graph, node, name);
      // a softmax is over the last axis of the shape that it has
      const isSigmoid = activation.kind === "sigmoid";
      if (activation.kind === "none" || (reshaped && !isSigmoid) || (normalised !== undefined && isSigmoid))
        return none;
      const aliases = new Map(activation.aliases);
      if (normalised !== undefined) aliases.set(normalised.outputs[0] as string, normalised.inputs[0] as string);
      return { activation: activation.kind, aliases, node };
    }
  }
}

interface Found {
  readonly kind: Activation;
  readonly aliases: readonly (readonly [string, string])[];
}

function activationOf(graph: RawGraph, node: RawNode, name: string): Found {
  const [input = ""] = node.inputs;
  switch (node.operator) {
    case "Softmax":
      return { kind: "softmax", aliases: [[name, input]] };
    case "LogSoftmax":
      return { kind: "log-softmax", aliases: [[name, input]] };
    case "Sigmoid":
      return { kind: "sigmoid", aliases: [[name, input]] };
    case "Concat":
      return pairOf(graph, node, name);
    case "LinearClassifier":
      return classifierActivation(node);
    default:
      return { kind: "none", aliases: [] };
  }
}

/** Concat(1 − p, p) with p a sigmoid. */
function pairOf(graph: RawGraph, { inputs }: RawNode, name: string): Found {
  const none: Found = { kind: "none", aliases: [] };
  const [no = "", yes = ""] = inputs;
  const sub = graph.producerOf(no);
  const sigmoid = graph.producerOf(yes);
  if (inputs.length !== 2 || sub?.operator !== "Sub" || sub.inputs[1] !== yes || sigmoid?.operator !== "Sigmoid")
    return none;
  const one = graph.initialisers.get(sub.inputs[0] ?? "");
  const known = one === undefined || one.type === "string" ? undefined : knownOf(one);
  return (known && numbersOf(known))?.join() === "1"
    ? { kind: "sigmoid-pair", aliases: [[name, sigmoid.inputs[0] ?? ""]] }
    : none;
}

/** The classifier's scores are made without their activation (mlOperators.ts). */
function classifierActivation(node: RawNode): Found {
  const transform = textAttribute(node, "post_transform");
  if (transform === "SOFTMAX") return { kind: "softmax", aliases: [] };
  if (transform !== "LOGISTIC") return { kind: "none", aliases: [] };
  const scores = node.attributes["intercepts"];
  return { kind: scores?.kind === "floats" && scores.value.length === 1 ? "sigmoid-pair" : "softmax", aliases: [] };
}

function textAttribute({ attributes }: RawNode, name: string): string {
  const attribute = attributes[name];
  return attribute?.kind === "string" ? attribute.value : "NONE";
}
