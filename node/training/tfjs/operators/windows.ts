import * as tf from "@tensorflow/tfjs-core";
import { type Windows, windowsOf } from "../../graph/shapes/layers.ts";
import type { OperatorCall, Operators } from "../operator.ts";

/** Convolutions and poolings. */

function conv(call: OperatorCall): tf.Tensor {
  return inTwoDimensions(call, call.input(1).shape.slice(2), (x, windows) => {
    const kernel = twoDimensional(call.input(1));
    const groups = call.int("group", 1);
    // height, width, channels in, channels out, as tfjs has them
    const spread = dilated(tf.transpose(kernel, [2, 3, 1, 0]), windows.dilations);
    const padded = padWith(x, windows, 0);
    const made = groups === 1 ? [convolved(padded, spread, windows)] : grouped(padded, spread, groups, windows);
    const y = made.length === 1 ? (made[0] as tf.Tensor) : tf.concat(made, 3);
    const bias = call.inputs[2];
    return bias === undefined ? y : tf.add(y, bias);
  });
}

function convolved(x: tf.Tensor, kernel: tf.Tensor, { strides }: Windows): tf.Tensor {
  return tf.conv2d(x as tf.Tensor4D, kernel as tf.Tensor4D, strides as [number, number], "valid");
}

function grouped(x: tf.Tensor, kernel: tf.Tensor, groups: number, windows: Windows): tf.Tensor[] {
  const inputs = tf.split(x, groups, 3);
  const kernels = tf.split(kernel, groups, 3);
  return inputs.map((part, i) => convolved(part, kernels[i] as tf.Tensor, windows));
}

/** A kernel with zeros between its entries: tfjs has no gradient of a dilated convolution. */
function dilated(kernel: tf.Tensor, dilations: readonly number[]): tf.Tensor {
  return dilations.reduce(
    (result, dilation, axis) => (dilation === 1 ? result : spreadAxis(result, axis, dilation)),
    kernel,
  );
}

function spreadAxis(x: tf.Tensor, axis: number, step: number): tf.Tensor {
  const size = x.shape[axis] as number;
  const [before, behind] = [x.shape.slice(0, axis), x.shape.slice(axis + 1)];
  const apart = tf.reshape(x, [...before, size, 1, ...behind]);
  const zeros = tf.zeros([...before, size, step - 1, ...behind]);
  const spread = tf.reshape(tf.concat([apart, zeros], axis + 1), [...before, size * step, ...behind]);
  const shape = [...before, (size - 1) * step + 1, ...behind];
  return tf.slice(
    spread,
    shape.map(() => 0),
    shape,
  );
}

function maxPool(call: OperatorCall): tf.Tensor {
  return inTwoDimensions(call, call.ints("kernel_shape") ?? [], (x, windows) => {
    checkPool(call, windows);
    const [kernel, strides] = [windows.kernel, windows.strides] as [[number, number], [number, number]];
    return tf.maxPool(padWith(x, windows, -Infinity) as tf.Tensor4D, kernel, strides, "valid");
  });
}

function averagePool(call: OperatorCall): tf.Tensor {
  return inTwoDimensions(call, call.ints("kernel_shape") ?? [], (x, windows) => {
    checkPool(call, windows);
    const [kernel, strides] = [windows.kernel, windows.strides] as [[number, number], [number, number]];
    const mean = tf.avgPool(padWith(x, windows, 0) as tf.Tensor4D, kernel, strides, "valid");
    const includesPads = call.int("count_include_pad", 0) === 1;
    const counts = [0, 1].map((axis) => countsAlong(windows, axis, x.shape[axis + 1] as number, includesPads));
    const share = (counts[0] as number[]).map((rows) =>
      (counts[1] as number[]).map((columns) => [((kernel[0] as number) * (kernel[1] as number)) / (rows * columns)]),
    );
    return tf.mul(mean, tf.tensor3d(share));
  });
}

/** How many entries of each window count: those of the input, and with `includesPads` those of the pads. */
function countsAlong(
  { kernel, strides, padsBefore, padsAfter, outputs }: Windows,
  axis: number,
  size: number,
  includesPads: boolean,
): number[] {
  const [low, high] = includesPads ? [-padsBefore[axis]!, size + padsAfter[axis]!] : [0, size];
  return Array.from({ length: outputs[axis]! }, (_, i) => {
    const start = i * strides[axis]! - padsBefore[axis]!;
    return Math.min(start + kernel[axis]!, high) - Math.max(start, low);
  });
}

function checkPool(call: OperatorCall, { dilations }: Windows): void {
  if (dilations.some((dilation) => dilation !== 1)) throw call.unsupported("dilations");
  if (call.node.outputs.length > 1) throw call.unsupported("indices");
}

/**
 * Works on [batch, height, width, channels], where ONNX has channels first; one spatial dimension is a height of 1.
 * @param work is told of the windows in both dimensions
 */
function inTwoDimensions(
  call: OperatorCall,
  kernel: readonly number[],
  work: (x: tf.Tensor, windows: Windows) => tf.Tensor,
): tf.Tensor {
  const x = call.input(0);
  if (x.rank < 3 || x.rank > 4) throw call.unsupported(`${x.rank - 2} spatial dimensions`);
  const windows = windowsOf(call.node.operator, call.node.attributes, x.shape.slice(2), kernel);
  const y = work(tf.transpose(twoDimensional(x), [0, 2, 3, 1]), x.rank === 4 ? windows : flatWindows(windows));
  const first = tf.transpose(y, [0, 3, 1, 2]);
  return x.rank === 4 ? first : tf.squeeze(first, [2]);
}

function twoDimensional(x: tf.Tensor): tf.Tensor {
  return x.rank === 3 ? tf.expandDims(x, 2) : x;
}

function flatWindows(windows: Windows): Windows {
  return {
    kernel: [1, ...windows.kernel],
    strides: [1, ...windows.strides],
    dilations: [1, ...windows.dilations],
    padsBefore: [0, ...windows.padsBefore],
    padsAfter: [0, ...windows.padsAfter],
    outputs: [1, ...windows.outputs],
  };
}

/** Pads until the last window fits, which with `ceil_mode` is further than the pads that were asked for. */
function padWith(x: tf.Tensor, { kernel, strides, dilations, padsBefore, outputs }: Windows, value: number): tf.Tensor {
  const sides = [0, 1].map((axis): [number, number] => {
    const needed = (outputs[axis]! - 1) * strides[axis]! + dilations[axis]! * (kernel[axis]! - 1) + 1;
    return [padsBefore[axis]!, Math.max(0, needed - padsBefore[axis]! - (x.shape[axis + 1] as number))];
  });
  if (sides.flat().every((side) => side === 0)) return x;
  return tf.pad(x, [[0, 0], ...sides, [0, 0]], value);
}

const globally =
  (work: (x: tf.Tensor, axes: number[]) => tf.Tensor) =>
  (call: OperatorCall): tf.Tensor => {
    const x = call.input(0);
    return work(x, [...x.shape.keys()].slice(2));
  };

export const WINDOWS: Operators = {
  Conv: conv,
  MaxPool: maxPool,
  AveragePool: averagePool,
  GlobalAveragePool: globally((x, axes) => tf.mean(x, axes, true)),
  GlobalMaxPool: globally((x, axes) => tf.max(x, axes, true)),
};
