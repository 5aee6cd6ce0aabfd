import { intsOf } from "../../graph/attributes.ts";
import type { GraphBuilder } from "../../graph/builder.ts";
import { DATA_TYPE, type Node, type Value, int } from "../../graph/graph.ts";
import { windowsOf } from "../../graph/shapes/layers.ts";
import { PacelineError } from "../../../core/errors.ts";
import type { Emission, Lowering } from "../emission.ts";
import { dense } from "../gradient.ts";
import type { Tape } from "../tape.ts";
import { type BatchLast, defineImage, imageOf, once } from "./layoutForm.ts";
import { onlyReader } from "./layoutOrder.ts";
import {
  type PositionTable,
  leavesImage,
  reordered,
  reversed,
  sumUp,
  windowTable,
  withPosition,
} from "./layoutTable.ts";

/**
 * MaxPool as a tournament among the taps of a window: of two that are equal the earlier wins, and so the gradient goes to the first
 * of the largest, in row-major order.
 */
export const maxPool: Lowering = (emission, node) => {
  const [input, output] = [node.inputs[0] as Value, node.outputs[0] as Value];
  const image = imageOf(emission, input);
  const windows = windowsOf(
    node.operator,
    node.attributes,
    image.spatial,
    intsOf(node.attributes, "kernel_shape") ?? [],
  );
  const table = reordered(windowTable(image.spatial, windows), image.order, undefined);
  requireOneOutput(emission, node);
  const { of, apply } = risen(emission, input, image);
  const value = once(() => apply(largest(emission.tape, of.value(), table)));
  defineImage(emission, output, { channels: image.channels, spatial: windows.outputs, order: undefined, value });
};

/** Those that are equal share the gradient, as with ReduceMax. */
export const globalMaxPool: Lowering = (emission, node) => {
  const { channels, spatial, value } = imageOf(emission, node.inputs[0] as Value);
  const { tape } = emission;
  const pooled = once(() => tape.node("ReduceMax", [value(), tape.builder.ints([1])], { keepdims: int(1) }));
  const ones = spatial.map(() => 1);
  defineImage(emission, node.outputs[0] as Value, { channels, spatial: ones, order: undefined, value: pooled });
};

function requireOneOutput(emission: Emission, { name, outputs }: Node): void {
  const indices = outputs[1];
  if (indices === undefined || emission.readersOf(indices).length === 0) return;
  throw new PacelineError("unsupported", `node "${name}": MaxPool with indices cannot be trained`, { node: name });
}

/** A function that never falls (bias, ReLU) may follow the maximum, where there are fewer values. */
function risen(emission: Emission, value: Value, image: BatchLast): { of: BatchLast; apply: (value: Value) => Value } {
  let [of, apply] = [image, (pooled: Value): Value => pooled];
  while (of.rising !== undefined && onlyReader(emission, value) !== undefined) {
    const [inner, outer] = [of.rising.apply, apply];
    of = of.rising.of;
    apply = (pooled) => outer(inner(pooled));
  }
  return { of, apply };
}

/** The largest of what each row of the table sees. */
function largest(tape: Tape, image: Value, table: PositionTable): Value {
  const { builder } = tape;
  const match = played(builder, tapImages(builder, image, table));
  tape.group("MaxPool", [image], [match.winner], (backward, [atWinner]) => {
    const wins = winsOf(backward, match);
    if (wins.length === 0) return [dense(scattered(backward, atWinner as Value, image, table))];
    const one = backward.ints([1]);
    const mask = backward.node(
      "Concat",
      wins.map((win) => backward.node("Unsqueeze", [win, one])),
      { axis: int(1) },
    );
    const numbers = backward.node("Cast", [mask], { to: int(DATA_TYPE.float32) });
    const atTaps = backward.node("Mul", [numbers, backward.node("Unsqueeze", [atWinner, one])]);
    return [dense(scattered(backward, atTaps, image, table))];
  });
  return match.winner;
}

/** What each tap sees, [channels, rows, batch]: cut where the positions stand in the taps' order, else looked up. */
function tapImages(builder: GraphBuilder, image: Value, table: PositionTable): readonly Value[] {
  const { taps, rows, source, sources } = table;
  if (inTapOrder(table)) {
    if (taps === 1 && rows === sources) return [image];
    const rest = sources - taps * rows;
    const sizes = [...Array.from({ length: taps }, () => rows), ...(rest > 0 ? [rest] : [])];
    return builder.nodes("Split", [image, builder.ints(sizes)], sizes.length, { axis: int(1) }).slice(0, taps);
  }
  const whole = leavesImage(table) ? withPosition(builder, image, -Infinity) : image;
  return Array.from({ length: taps }, (_, tap) => {
    const indices = source.slice(tap * rows, (tap + 1) * rows).map((position) => (position < 0 ? sources : position));
    return builder.node("Gather", [whole, builder.ints32(indices)], { axis: int(1) });
  });
}

function inTapOrder({ source }: PositionTable): boolean {
  return source.every((position, i) => position === i);
}

/** The gradient at the image, of [channels, taps, rows, batch]. */
function scattered(builder: GraphBuilder, atTaps: Value, image: Value, table: PositionTable): Value {
  const { taps, rows, sources } = table;
  const seen = taps * rows;
  const flat = builder.node("Reshape", [atTaps, builder.ints([image.shape[0] as number, seen, -1])]);
  if (!inTapOrder(table)) return sumUp(builder, withPosition(builder, flat), reversed(table), seen);
  if (seen === sources) return flat;
  return builder.node("Pad", [flat, builder.ints([0, sources - seen]), undefined, builder.ints([1])]);
}

/** A tournament's tree; its leaves are the taps. */
interface Match {
  readonly winner: Value;
  readonly sides?: readonly [Match, Match];
}

function played(builder: GraphBuilder, players: readonly Value[]): Match {
  if (players.length === 1) return { winner: players[0] as Value };
  const half = players.length >> 1;
  const sides = [played(builder, players.slice(0, half)), played(builder, players.slice(half))] as const;
  return { winner: builder.node("Max", [sides[0].winner, sides[1].winner]), sides };
}

/** Where each player has won it all; where nobody else plays, nothing. */
function winsOf(builder: GraphBuilder, { sides }: Match, won?: Value): readonly Value[] {
  if (sides === undefined) return won === undefined ? [] : [won];
  const first = builder.node("GreaterOrEqual", [sides[0].winner, sides[1].winner]);
  const second = builder.node("Not", [first]);
  const also = (wins: Value): Value => (won === undefined ? wins : builder.node("And", [won, wins]));
  return [...winsOf(builder, sides[0], also(first)), ...winsOf(builder, sides[1], also(second))];
}
