import { checkParams } from "../checkExamples.ts";
import { encodeModel } from "../graph/encode.ts";
import { type Constant, type Graph, int, type Node, type Shape, type Value } from "../graph/graph.ts";
import { type Model, tensorSlots } from "../models/model.ts";
import { clampVariances } from "./clampVariances.ts";
import type { ModelOrigin } from "./fileModel.ts";
import type { Activation } from "./outputs.ts";
import { type Provenance, provenanceEntries } from "./provenance.ts";

/**
 * Writes a model with its params as an ONNX file of operator set 21. A model that came from a file gets back its names of inputs and
 * output, and the activation that stood before the output; any other gives its outputs (logits for cross-entropies) as `outputs`.
 * @param params the flat vector
 * @throws PacelineError `bad-argument` where the params are not the model's
 */
export function exportOnnx(
  model: Model,
  params: Float32Array,
  provenance: Provenance,
  origin?: ModelOrigin,
): Uint8Array {
  checkParams(model, params);
  const { graph, exampleInputs } = model;
  const inputs = graph.inputs.slice(0, exampleInputs);
  const renamed = renameInputs(inputs, origin?.inputs ?? [], takenNames(graph));
  const nodes = graph.nodes.map((node) => ({ ...node, inputs: node.inputs.map((input) => input && renamed(input)) }));
  const outputs = graph.outputs[0] as Value;
  const end = activate(outputs, origin?.activation ?? "none", origin?.output ?? outputs.name);
  return encodeModel(
    {
      name: graph.name,
      inputs: inputs.map(renamed),
      outputs: [end.output],
      constants: [...graph.constants, ...paramConstants(model, clampVariances(model, params)), ...end.constants],
      nodes: [...nodes, ...end.nodes],
    },
    provenanceEntries(provenance),
  );
}

function paramConstants({ tensors, graph, exampleInputs }: Model, params: Float32Array): readonly Constant[] {
  return tensorSlots(tensors).map(({ shape, offset, length }, i) => ({
    name: (graph.inputs[exampleInputs + i] as Value).name,
    type: "float32",
    shape,
    data: params.slice(offset, offset + length),
  }));
}

function takenNames({ inputs, constants, nodes }: Graph): ReadonlySet<string> {
  const values = [...inputs, ...constants, ...nodes.flatMap(({ outputs }) => outputs)];
  return new Set(values.map(({ name }) => name));
}

/** Names that something else in the graph has already are not given back. */
function renameInputs(
  inputs: readonly Value[],
  originals: readonly string[],
  taken: ReadonlySet<string>,
): (value: Value) => Value {
  const renamed = new Map<string, Value>();
  inputs.forEach((input, i) => {
    const original = originals[i];
    if (original !== undefined && !taken.has(original)) renamed.set(input.name, { ...input, name: original });
  });
  return (value) => renamed.get(value.name) ?? value;
}

interface End {
  readonly output: Value;
  readonly nodes: readonly Node[];
  readonly constants: readonly Constant[];
}

/** The nodes behind the logits. */
function activate(logits: Value, activation: Activation, name: string): End {
  const { shape } = logits;
  const value = (valueName: string, of: Shape = shape): Value => ({ name: valueName, type: "float32", shape: of });
  const step = (
    operator: string,
    inputs: readonly Value[],
    output: Value,
    attributes: Node["attributes"] = {},
  ): Node => ({
    operator,
    name: "",
    inputs,
    outputs: [output],
    attributes,
  });
  const output = value(name);
  switch (activation) {
    case "none":
      if (name === logits.name) return { output: logits, nodes: [], constants: [] };
      return { output, nodes: [step("Identity", [logits], output)], constants: [] };
    case "softmax":
      return { output, nodes: [step("Softmax", [logits], output, { axis: int(-1) })], constants: [] };
    case "log-softmax":
      return { output, nodes: [step("LogSoftmax", [logits], output, { axis: int(-1) })], constants: [] };
    case "sigmoid":
      return { output, nodes: [step("Sigmoid", [logits], output)], constants: [] };
    case "sigmoid-pair": {
      const pair = value(name, [...shape.slice(0, -1), 2]);
      const one: Constant = { name: "outputs.one", type: "float32", shape: [], data: Float32Array.of(1) };
      const [yes, no] = [value("outputs.yes"), value("outputs.no")];
      const nodes = [
        step("Sigmoid", [logits], yes),
        step("Sub", [one, yes], no),
        step("Concat", [no, yes], pair, { axis: int(-1) }),
      ];
      return { output: pair, nodes, constants: [one] };
    }
  }
}
