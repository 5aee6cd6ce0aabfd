import type { GraphBuilder } from "../../graph/builder.ts";
import { type Value, int, ints } from "../../graph/graph.ts";
import type { Emission } from "../emission.ts";
import { dense } from "../gradient.ts";
import type { Tape } from "../tape.ts";
import { product } from "./layoutTable.ts";

/**
 * Images in the layout that convolutions are fast in: [channels, positions, batch] instead of ONNX's [batch, channels, height,
 * width]. Look-ups then move whole rows of a batch, kernels multiply as ONNX keeps them, groups of channels lie apart, and
 * operators that go element by element do not notice. Lowerings pass a form on; who knows nothing of it gets the value as ONNX has it.
 */
export interface BatchLast {
  readonly channels: number;
  /** Sizes of the image's axes. */
  readonly spatial: readonly number[];
  /** The row-major number of the position that stands at each place; row-major where undefined. */
  readonly order: readonly number[] | undefined;
  /** [channels, positions, batch] on the tape; made when it is first asked for. */
  readonly value: () => Value;
  /** Where this is another form after a function that never falls, element by element: a maximum may be taken before it. */
  readonly rising?: undefined | { readonly of: BatchLast; readonly apply: (value: Value) => Value };
}

export function formOf(emission: Emission, value: Value | undefined): BatchLast | undefined {
  return value === undefined ? undefined : (emission.forms.get(value.name) as BatchLast | undefined);
}

/** The form of a value [batch, channels, …], made from ONNX's layout where there is none. */
export function imageOf(emission: Emission, value: Value): BatchLast {
  const known = formOf(emission, value);
  if (known !== undefined) return known;
  const [, channels, ...spatial] = value.shape as readonly number[];
  const form: BatchLast = {
    channels: channels as number,
    spatial,
    order: undefined,
    value: once(() =>
      rearranged(
        emission.tape,
        emission.valueOf(value),
        [...axes(value).slice(1), 0],
        [channels as number, product(spatial), -1],
      ),
    ),
  };
  emission.forms.set(value.name, form);
  return form;
}

/** Says that `value` of the model's graph is `form`. */
export function defineImage(emission: Emission, value: Value, form: BatchLast): void {
  emission.forms.set(value.name, form);
  emission.define(value, () => planar(emission.tape, form));
}

/** In ONNX's layout. */
function planar(tape: Tape, form: BatchLast): Value {
  return rearranged(tape, inOrder(tape, form, undefined), [2, 0, 1], [-1, form.channels, ...form.spatial]);
}

/** The form's value with its positions in the given order. */
export function inOrder(tape: Tape, { order, value, spatial }: BatchLast, wanted: BatchLast["order"]): Value {
  if (String(order) === String(wanted)) return value();
  const rowMajor = Array.from({ length: product(spatial) }, (_, position) => position);
  const place = new Map((order ?? rowMajor).map((position, at) => [position, at]));
  const indices = (wanted ?? rowMajor).map((position) => place.get(position) as number);
  return tape.node("Gather", [value(), tape.builder.ints(indices)], { axis: int(1) });
}

/**
 * Axes in another order, then joined or parted.
 * @param target the shape; its −1 is the batch
 */
export function rearranged(tape: Tape, value: Value, order: readonly number[], target: readonly number[]): Value {
  const { builder } = tape;
  const turned = builder.node("Transpose", [value], { perm: ints(order) });
  const result = builder.node("Reshape", [turned, builder.ints(target)]);
  tape.group("Transpose", [value], [result], (backward, [atResult]) => {
    const sizes = order.map((axis) => value.shape[axis]);
    const parted = backward.node("Reshape", [
      atResult,
      backward.ints(sizes.map((size) => (typeof size === "number" ? size : -1))),
    ]);
    return [dense(backward.node("Transpose", [parted], { perm: ints(inverse(order)) }))];
  });
  return result;
}

function inverse(order: readonly number[]): readonly number[] {
  return order.map((_, axis) => order.indexOf(axis));
}

function axes(value: Value): readonly number[] {
  return value.shape.map((_, axis) => axis);
}

export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** A bias [channels] added at every position. */
export function biased(tape: Tape, value: Value, bias: Value): Value {
  const { builder } = tape;
  const column = (of: GraphBuilder): Value => of.node("Reshape", [bias, of.ints([-1, 1, 1])]);
  const result = builder.node("Add", [value, column(builder)]);
  tape.group("Add", [value, bias], [result], (backward, [atResult], wanted) => [
    dense(atResult as Value),
    wanted[1] === true
      ? dense(backward.node("ReduceSum", [atResult, backward.ints([1, 2])], { keepdims: int(0) }))
      : undefined,
  ]);
  return result;
}
