import { intOf, intsOf } from "../../graph/attributes.ts";
import { sameShape } from "../../graph/dims.ts";
import { type Node, type Shape, type Value, int, ints } from "../../graph/graph.ts";
import type { Emission, Lowering, Lowerings } from "../emission.ts";
import type { Tape } from "../tape.ts";
import { normalised } from "./batchNormalisation.ts";
import { dropped, ratioOf } from "./dropout.ts";
import { type BatchLast, defineImage, formOf, imageOf, inOrder, once, rearranged } from "./layoutForm.ts";
import { ELEMENTWISE_OPERATORS } from "./layoutOperators.ts";
import { product } from "./layoutTable.ts";

/** Nodes between convolutions, which take images as these leave them. */

/** The given lowerings, kept to images in the fast layout (layoutForm.ts) wherever a node's inputs are such. */
export function keepingLayout(given: Lowerings): Lowerings {
  const wrapped = (operator: string, wrap: (plain: Lowering) => Lowering): readonly [string, Lowering] => [
    operator,
    wrap(given[operator] ?? ((emission, node) => emission.copy(node))),
  ];
  return {
    ...given,
    ...Object.fromEntries([
      ...ELEMENTWISE_OPERATORS.map((operator) => wrapped(operator, elementwise)),
      wrapped("BatchNormalization", normalisation),
      wrapped("Dropout", dropOut),
      wrapped("Concat", concat),
      wrapped("Transpose", transpose),
    ]),
  };
}

/** Runs a lowering on other inputs than the node's own; undefined stands for the node's own. */
function runOn(plain: Lowering, emission: Emission, node: Node, inputs: readonly (Value | undefined)[]): Value {
  const output = node.outputs[0] as Value;
  const standIn = (value: Value, name: string): Value => ({ ...value, name: `${output.name}: ${name}` });
  const replaced = node.inputs.map((own, i) => {
    const value = inputs[i];
    if (value === undefined) return own;
    const input = standIn(value, `input ${i} in the fast layout`);
    emission.define(input, value);
    return input;
  });
  const result = standIn(output, "in the fast layout");
  plain(emission, { ...node, inputs: replaced, outputs: [result] });
  return emission.valueOf(result);
}

const elementwise =
  (plain: Lowering): Lowering =>
  (emission, node) => {
    const output = node.outputs[0] as Value;
    const lead = leadOf(emission, node);
    const operands =
      lead === undefined ? undefined : node.inputs.map((input) => operandOf(emission, input, output, lead));
    if (lead === undefined || operands === undefined || operands.includes("unfit")) return plain(emission, node);
    const of = operands as readonly Operand[];
    const { channels, spatial, order } = { ...lead, channels: output.shape[1] as number };
    const value = once(() =>
      runOn(
        plain,
        emission,
        node,
        of.map((operand) => operand?.()),
      ),
    );
    const apply = (instead: Value): Value => runOn(plain, emission, node, [instead]);
    const rising = node.operator === "Relu" ? { rising: { of: lead, apply } } : {};
    defineImage(emission, output, { channels, spatial, order, value, ...rising });
  };

/** The input that has the size of the output, where it is in the fast layout. */
function leadOf(emission: Emission, { inputs, outputs }: Node): BatchLast | undefined {
  const spatial = outputs[0]?.shape.slice(2) as Shape;
  return inputs
    .map((input) => formOf(emission, input))
    .find((form) => form !== undefined && sameShape(form.spatial, spatial));
}

/** Undefined is an input that serves as it is. */
type Operand = (() => Value) | undefined;

function operandOf(emission: Emission, input: Value | undefined, output: Value, lead: BatchLast): Operand | "unfit" {
  if (input === undefined || (input.shape.length < 2 && product(input.shape as number[]) === 1)) return undefined;
  const known = formOf(emission, input);
  const form = known === undefined && sameShape(input.shape, output.shape) ? imageOf(emission, input) : known;
  if (form !== undefined) {
    if (sameShape(form.spatial, lead.spatial)) return () => inOrder(emission.tape, form, lead.order);
    return form.spatial.every((size) => size === 1) ? form.value : "unfit";
  }
  // as many axes as the output's, then: batch 1, channels, and nothing that differs by position
  const shape = [...output.shape.map(() => 1), ...input.shape].slice(-output.shape.length);
  const [batch, channels, ...rest] = shape;
  if (input.shape.length > shape.length || [batch, ...rest].some((size) => size !== 1)) return "unfit";
  return () => reshaped(emission.tape, emission.valueOf(input), [channels as number, 1, 1]);
}

function reshaped(tape: Tape, value: Value, shape: readonly number[]): Value {
  return tape.node("Reshape", [value, tape.builder.ints(shape)]);
}

const normalisation =
  (plain: Lowering): Lowering =>
  (emission, node) => {
    const form = formOf(emission, node.inputs[0]);
    if (form === undefined) return plain(emission, node);
    // without its first input, so that nobody asks for the image as ONNX has it
    const statistics = { ...node, inputs: [undefined, ...node.inputs.slice(1)] };
    const value = normalised(emission, statistics, form.value(), 0);
    defineImage(emission, node.outputs[0] as Value, { ...form, rising: undefined, value: () => value });
  };

/** The noise is laid out as ONNX lays out the image, so that every engine drops the same values. */
const dropOut =
  (plain: Lowering): Lowering =>
  (emission, node) => {
    const form = formOf(emission, node.inputs[0]);
    const ratio = ratioOf(node);
    const maskRead = node.outputs.slice(1).some((mask) => emission.readersOf(mask).length > 0);
    if (form === undefined || maskRead) return plain(emission, node);
    if (emission.mode === "infer" || ratio === 0) return defineImage(emission, node.outputs[0] as Value, form);
    const { builder } = emission.tape;
    const image = inOrder(emission.tape, form, undefined);
    const [channels, positions] = image.shape as [number, number];
    const noise = builder.node("Reshape", [emission.noiseFor(image), builder.ints([-1, channels, positions])]);
    const turned = builder.node("Transpose", [noise], { perm: ints([1, 2, 0]) });
    const kept = builder.node("GreaterOrEqual", [turned, builder.floats([ratio], [])]);
    const value = dropped(emission, image, kept, ratio);
    defineImage(emission, node.outputs[0] as Value, {
      ...form,
      order: undefined,
      rising: undefined,
      value: () => value,
    });
  };

/** Of channels; along other axes images are joined as ONNX has them. */
const concat =
  (plain: Lowering): Lowering =>
  (emission, node) => {
    const output = node.outputs[0] as Value;
    const rank = output.shape.length;
    const axis = intOf(node.attributes, "axis", 0);
    const known = node.inputs.some((input) => formOf(emission, input) !== undefined);
    if (!known || (axis !== 1 && axis !== 1 - rank)) return plain(emission, node);
    const forms = node.inputs.map((input) => imageOf(emission, input as Value));
    const { tape } = emission;
    const images = (): readonly Value[] => forms.map((form) => inOrder(tape, form, undefined));
    defineImage(emission, output, {
      channels: output.shape[1] as number,
      spatial: output.shape.slice(2) as number[],
      order: undefined,
      value: once(() => tape.node("Concat", images(), { axis: int(0) })),
    });
  };

/** Between channels first and channels last, as models of channels-last frameworks do at their ends: one turn instead of two. */
const transpose =
  (plain: Lowering): Lowering =>
  (emission, node) => {
    const [input, output] = [node.inputs[0] as Value, node.outputs[0] as Value];
    const form = formOf(emission, input);
    const order = String(intsOf(node.attributes, "perm"));
    const inner = input.shape.slice(1, -1).map((_, i) => i + 1);
    const last = input.shape.length - 1;
    const { tape } = emission;
    if (form !== undefined && order === String([0, ...inner.map((axis) => axis + 1), 1])) {
      const target = [-1, ...form.spatial, form.channels];
      return emission.define(output, () => rearranged(tape, inOrder(tape, form, undefined), [2, 1, 0], target));
    }
    emission.define(output, () => runOn(plain, emission, node, []));
    const spatial = input.shape.slice(1, -1);
    const fixed = spatial.every((size) => typeof size === "number") && typeof input.shape[last] === "number";
    if (form !== undefined || inner.length === 0 || !fixed || order !== String([0, last, ...inner])) return;
    const target = [input.shape[last] as number, product(spatial as number[]), -1];
    const value = once(() => rearranged(tape, emission.valueOf(input), [last, ...inner, 0], target));
    emission.forms.set(output.name, {
      channels: target[0] as number,
      spatial: spatial as number[],
      order: undefined,
      value,
    });
  };
