import type { Windows } from "../../graph/shapes/layers.ts";
import { type PositionTable, product, reordered, windowTable, withEmptyRow } from "./layoutTable.ts";

/**
 * How a convolution becomes a matrix product: what a window sees is laid out as a column (`unfold`), the product makes `parts` values
 * for each channel, and a position's result is the sum of parts of several columns (`fold`).
 *
 * Where windows overlap much, columns hold only what a window sees along the inner axes: kernel height times fewer values than the
 * usual columns. Each row of the kernel makes a part then, and parts of neighbouring heights add up.
 */
export interface ConvPlan {
  readonly unfold: PositionTable;
  /** Undefined where a product is a result. */
  readonly fold: PositionTable | undefined;
  /** Values that the product makes for a channel; the kernel's height where there is a fold. */
  readonly parts: number;
}

export interface ConvSizes {
  readonly spatial: readonly number[];
  readonly windows: Windows;
  /** Channels that one output channel sees. */
  readonly channelsIn: number;
  /** Output channels that see the same channels. */
  readonly channelsOut: number;
  /** Orders of positions (BatchLast). */
  readonly orderIn: readonly number[] | undefined;
  readonly orderOut: readonly number[] | undefined;
}

export function convPlan(sizes: ConvSizes): ConvPlan {
  return savesMemory(sizes) ? inTwoSteps(sizes) : inOneStep(sizes);
}

/** With a stride along the outer axis most parts would be made for nothing. */
function savesMemory({ windows: { kernel, strides }, channelsIn, channelsOut }: ConvSizes): boolean {
  const height = kernel[0] as number;
  const inner = product(kernel.slice(1));
  if (kernel.length < 2 || strides[0] !== 1 || height === 1) return false;
  return channelsIn * inner + channelsOut * height < channelsIn * inner * height;
}

function inOneStep({ spatial, windows, orderIn, orderOut }: ConvSizes): ConvPlan {
  return { unfold: reordered(windowTable(spatial, windows), orderIn, orderOut), fold: undefined, parts: 1 };
}

function inTwoSteps({ spatial, windows, orderIn, orderOut }: ConvSizes): ConvPlan {
  const { kernel, strides, dilations, padsBefore, padsAfter, outputs } = windows;
  const along = (
    axes: (axis: number) => boolean,
    sizesBefore: readonly number[],
    sizesAfter: readonly number[],
  ): Windows => {
    const only = (values: readonly number[], otherwise: number): readonly number[] =>
      values.map((value, axis) => (axes(axis) ? value : otherwise));
    return {
      kernel: only(kernel, 1),
      strides: only(strides, 1),
      dilations: only(dilations, 1),
      padsBefore: only(padsBefore, 0),
      padsAfter: only(padsAfter, 0),
      outputs: sizesAfter.map((size, axis) => (axes(axis) ? size : (sizesBefore[axis] as number))),
    };
  };
  const inner = along((axis) => axis > 0, spatial, outputs);
  const outer = along((axis) => axis === 0, inner.outputs, outputs);
  return {
    // the fold finds its zeros in the empty column
    unfold: withEmptyRow(reordered(windowTable(spatial, inner), orderIn, undefined)),
    fold: reordered(windowTable(inner.outputs, outer), undefined, orderOut),
    parts: kernel[0] as number,
  };
}
