import * as tf from "@tensorflow/tfjs-core";
import { broadcast } from "../../graph/dims.ts";
import { broadcastTo, type OperatorCall, type Operators } from "../operator.ts";

/** Matrix products. */

/** As NumPy's matmul. tfjs has no gradient of a product whose leading axes are broadcast, so they are spread first. */
function matMul(call: OperatorCall): tf.Tensor {
  const [a, b] = [call.input(0), call.input(1)];
  const left = a.rank === 1 ? tf.reshape(a, [1, -1]) : a;
  const right = b.rank === 1 ? tf.reshape(b, [-1, 1]) : b;
  const product = right.rank === 2 ? rowsTimes(left, right) : stacked(left, right);
  const shape = [...product.shape];
  if (b.rank === 1) shape.splice(-1, 1);
  if (a.rank === 1) shape.splice(b.rank === 1 ? -1 : -2, 1);
  return shape.length === product.rank ? product : tf.reshape(product, shape);
}

/** One matrix for all leading axes. */
function rowsTimes(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  if (a.rank === 2) return tf.matMul(a, b);
  const flat = tf.matMul(tf.reshape(a, [-1, a.shape.at(-1) as number]), b);
  return tf.reshape(flat, [...a.shape.slice(0, -1), b.shape[1] as number]);
}

function stacked(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  const lead = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2)) as number[];
  const [left, right] = [a, b].map((x) => {
    const matrix = x.shape.slice(-2);
    return tf.reshape(broadcastTo(x, [...lead, ...matrix]), [-1, ...matrix]);
  }) as [tf.Tensor, tf.Tensor];
  return tf.reshape(tf.matMul(left, right), [...lead, a.shape.at(-2) as number, b.shape.at(-1) as number]);
}

/** alpha · A·B + beta · C */
function gemm(call: OperatorCall): tf.Tensor {
  const [alpha, beta] = [call.float("alpha", 1), call.float("beta", 1)];
  const product = tf.matMul(call.input(0), call.input(1), call.int("transA", 0) === 1, call.int("transB", 0) === 1);
  const scaled = alpha === 1 ? product : tf.mul(product, alpha);
  const c = call.inputs[2];
  if (c === undefined) return scaled;
  return tf.add(scaled, beta === 1 ? c : tf.mul(c, beta));
}

export const PRODUCTS: Operators = {
  MatMul: matMul,
  Gemm: gemm,
};
