import { axisOf } from "../../../graph/attributes.ts";
import { int, type Value } from "../../../graph/graph.ts";
import { asFloat, type Layer, type LayerCall, layerNode, type Layers } from "../layer.ts";
import { type Plane, plain, visible } from "../plane.ts";

/** Layers that join tensors. */

function severalOf({ inputs, config }: LayerCall): readonly Plane[] {
  if (inputs.length < 2) throw config.unsupported(`it reads ${inputs.length} tensor, it needs two or more`);
  return inputs;
}

/** Element by element, in whatever layout all have. */
const joining =
  (operator: string): Layer =>
  (call) => {
    const planes = severalOf(call);
    const { builder } = call;
    const allMoved = planes.every(({ moved }) => moved);
    const values = planes.map((plane) => asFloat(builder, allMoved ? plane.value : visible(builder, plane)));
    const joined = values.slice(1).reduce((sum, value) => layerNode(call, operator, [sum, value]), values[0] as Value);
    return { value: joined, moved: allMoved };
  };

const subtract: Layer = (call) => {
  if (severalOf(call).length > 2) throw call.config.unsupported("it reads more than two tensors");
  return joining("Sub")(call);
};

const average: Layer = (call) => {
  const { value, moved } = joining("Add")(call);
  const share = call.builder.floats([1 / call.inputs.length], []);
  return { value: layerNode(call, "Mul", [value, share]), moved };
};

const concatenate: Layer = (call) => {
  const { builder } = call;
  const values = severalOf(call).map((plane) => asFloat(builder, visible(builder, plane)));
  const axis = axisOf(call.config.number("axis", -1), (values[0] as Value).shape.length);
  return plain(layerNode(call, "Concat", values, { axis: int(axis) }));
};

export const MERGE_LAYERS: Layers = {
  Add: joining("Add"),
  Subtract: subtract,
  Multiply: joining("Mul"),
  Maximum: joining("Max"),
  Minimum: joining("Min"),
  Average: average,
  Concatenate: concatenate,
};
