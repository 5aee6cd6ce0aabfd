import { ints, type Value } from "../../../graph/graph.ts";
import { elementCount } from "../../../models/model.ts";
import { fixedSize, inputOf, type Layer, type LayerCall, layerNode, type Layers, visibleInput } from "../layer.ts";
import { plain } from "../plane.ts";

/** Layers that only move elements, and dropout. */

const dropout: Layer = (call) => {
  const { value, moved } = inputOf(call);
  const rate = call.config.number("rate", 0);
  if (rate < 0 || rate >= 1) throw call.config.wrong("rate", "in [0, 1)");
  call.config.refuse("noise_shape", "dropout of whole rows is not supported");
  if (rate === 0) return { value, moved };
  return { value: layerNode(call, "Dropout", [value, call.builder.floats([rate], [])]), moved };
};

const flatten: Layer = (call) => {
  const x = visibleInput(call);
  const size = elementCount(fixedSizes(call, x));
  return plain(layerNode(call, "Reshape", [x, call.builder.ints([-1, size])]));
};

function fixedSizes(call: LayerCall, x: Value): readonly number[] {
  return x.shape.slice(1).map((_, i) => fixedSize(call, x, i + 1));
}

/** What is left of the elements is −1 in Keras's files, and null in tfjs's. */
const reshape: Layer = (call) => {
  const x = visibleInput(call);
  const given = call.config.raw("target_shape");
  const wanted: readonly unknown[] = Array.isArray(given) ? given.map((size: unknown) => size ?? -1) : [];
  if (!wanted.every((size) => typeof size === "number")) throw call.config.wrong("target_shape", "a list of sizes");
  const known = elementCount(wanted.filter((size) => size !== -1));
  const total = elementCount(fixedSizes(call, x));
  const shape = wanted.map((size) => (size === -1 ? total / known : size));
  if (elementCount(shape) !== total || !shape.every((size) => Number.isInteger(size) && size >= 1))
    throw call.config.wrong("target_shape", `a shape of ${total} elements, not [${wanted.join(", ")}]`);
  return plain(layerNode(call, "Reshape", [x, call.builder.ints([-1, ...shape])]));
};

/** Axes counted from 1, behind the batch. */
const permute: Layer = (call) => {
  const x = visibleInput(call);
  const order = call.config.integers("dims");
  if (
    [...order].sort((a, b) => a - b).join() !==
    x.shape
      .slice(1)
      .map((_, i) => i + 1)
      .join()
  )
    throw call.config.wrong("dims", `an order of 1 … ${x.shape.length - 1}`);
  return plain(layerNode(call, "Transpose", [x], { perm: ints([0, ...order]) }));
};

const repeatVector: Layer = (call) => {
  const { builder, config } = call;
  const row = builder.node("Unsqueeze", [visibleInput(call), builder.ints([1])]);
  return plain(layerNode(call, "Tile", [row, builder.ints([1, config.size("n"), 1])]));
};

type Pair = readonly [before: number, after: number];

/** What to add or take away on each spatial axis: a number, one a axis, or before and after each. */
function margins({ config }: LayerCall, key: string, spatial: number): readonly Pair[] {
  const given = config.raw(key);
  const list = Array.isArray(given) && spatial === 1 && typeof given[0] === "number" ? [given] : given;
  const each: readonly unknown[] = Array.isArray(list) ? list : Array.from({ length: spatial }, () => list ?? 1);
  const pairs = each.map((margin) => (Array.isArray(margin) ? margin : [margin, margin]) as readonly unknown[]);
  const right = pairs.every(
    (pair) => pair.length === 2 && pair.every((size) => Number.isSafeInteger(size) && (size as number) >= 0),
  );
  if (pairs.length !== spatial || !right) throw config.wrong(key, "whole numbers of 0 or more");
  return pairs as unknown as readonly Pair[];
}

function spatialAxes({ config }: LayerCall, spatial: number): readonly number[] {
  const first = config.text("data_format", "channels_last").toLowerCase().endsWith("first");
  return Array.from({ length: spatial }, (_, i) => i + (first ? 2 : 1));
}

const zeroPadding =
  (spatial: number): Layer =>
  (call) => {
    const pairs = margins(call, "padding", spatial);
    const pads = call.builder.ints([...pairs.map(([before]) => before), ...pairs.map(([, after]) => after)]);
    const axes = call.builder.ints(spatialAxes(call, spatial));
    return plain(layerNode(call, "Pad", [visibleInput(call), pads, undefined, axes]));
  };

const cropping =
  (spatial: number): Layer =>
  (call) => {
    const x = visibleInput(call);
    const axes = spatialAxes(call, spatial);
    const pairs = margins(call, "cropping", spatial);
    const starts = call.builder.ints(pairs.map(([before]) => before));
    const ends = call.builder.ints(pairs.map(([, after], i) => fixedSize(call, x, axes[i] as number) - after));
    return plain(layerNode(call, "Slice", [x, starts, ends, call.builder.ints(axes)]));
  };

export const STRUCTURE_LAYERS: Layers = {
  Dropout: dropout,
  Flatten: flatten,
  Reshape: reshape,
  Permute: permute,
  RepeatVector: repeatVector,
  ZeroPadding1D: zeroPadding(1),
  ZeroPadding2D: zeroPadding(2),
  Cropping1D: cropping(1),
  Cropping2D: cropping(2),
};
