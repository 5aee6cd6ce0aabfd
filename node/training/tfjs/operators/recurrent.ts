import * as tf from "@tensorflow/tfjs-core";
import type { OperatorCall, Operators } from "../operator.ts";

/** LSTM and GRU as ONNX defines them, one step after the other. */

/** One direction's weights, transposed so that they are multiplied from the right. */
interface Direction {
  /** [inputs, gates · hidden] */
  readonly input: tf.Tensor2D;
  /** [hidden, gates · hidden] */
  readonly recurrent: tf.Tensor2D;
  /** [gates · hidden] each; added to the input's and to the recurrent product. */
  readonly inputBias: tf.Tensor1D | undefined;
  readonly recurrentBias: tf.Tensor1D | undefined;
}

/** What a cell makes of its input's product and the state before it; the first of a state is the hidden one. */
type Cell = (projected: tf.Tensor2D, state: readonly tf.Tensor2D[]) => readonly tf.Tensor2D[];

/** Gates in the order input, output, forget, cell. */
function lstmCell({ recurrent, recurrentBias }: Direction): Cell {
  return (projected, [hidden, cell]) => {
    const before = withBias(tf.matMul(hidden as tf.Tensor2D, recurrent), recurrentBias);
    const [input, output, forget, candidate] = tf.split(tf.add(projected, before), 4, 1) as tf.Tensor2D[];
    const next: tf.Tensor2D = tf.add(
      tf.mul(tf.sigmoid(forget as tf.Tensor2D), cell as tf.Tensor2D),
      tf.mul(tf.sigmoid(input as tf.Tensor2D), tf.tanh(candidate as tf.Tensor2D)),
    );
    return [tf.mul(tf.sigmoid(output as tf.Tensor2D), tf.tanh(next)), next];
  };
}

/** Gates in the order update, reset, hidden. With `linear_before_reset` the reset gate works behind the recurrent product. */
function gruCell({ recurrent, recurrentBias }: Direction, resetsBehind: boolean): Cell {
  const hiddenSize = recurrent.shape[0];
  const [gates, candidate] = tf.split(recurrent, [2 * hiddenSize, hiddenSize], 1) as [tf.Tensor2D, tf.Tensor2D];
  const [gatesBias, candidateBias] =
    recurrentBias === undefined ? [] : (tf.split(recurrentBias, [2 * hiddenSize, hiddenSize]) as tf.Tensor1D[]);
  return (projected, [hidden]) => {
    const state = hidden as tf.Tensor2D;
    const [forGates, forCandidate] = tf.split(projected, [2 * hiddenSize, hiddenSize], 1) as [tf.Tensor2D, tf.Tensor2D];
    const both = tf.sigmoid(tf.add(forGates, withBias(tf.matMul(state, gates), gatesBias)));
    const [update, reset] = tf.split(both, 2, 1) as [tf.Tensor2D, tf.Tensor2D];
    const recalled = resetsBehind
      ? tf.mul(reset, withBias(tf.matMul(state, candidate), candidateBias))
      : withBias(tf.matMul(tf.mul(reset, state), candidate), candidateBias);
    const fresh = tf.tanh(tf.add(forCandidate, recalled));
    return [tf.add(tf.mul(tf.sub(1, update), fresh), tf.mul(update, state))];
  };
}

function withBias(x: tf.Tensor2D, bias: tf.Tensor1D | undefined): tf.Tensor2D {
  return bias === undefined ? x : tf.add(x, bias);
}

/** @returns Y [steps, directions, batch, hidden], then the last of each state [directions, batch, hidden] */
function recurrence(
  call: OperatorCall,
  states: number,
  makeCell: (direction: Direction) => Cell,
): readonly tf.Tensor[] {
  checkRecurrence(call, states);
  const x = call.input(0) as tf.Tensor3D;
  const [steps, batch] = x.shape;
  const hidden = call.input(2).shape[2] as number;
  const way = call.text("direction", "forward");
  const runs = Array.from({ length: way === "bidirectional" ? 2 : 1 }, (_, d) => {
    const direction = directionOf(call, d);
    const initial = Array.from({ length: states }, (_state, i) => initialState(call, 5 + i, d, [batch, hidden]));
    return walk(x, direction, makeCell(direction), initial, way === "reverse" || d === 1);
  });
  const sequences = tf.stack(
    runs.map(({ sequence }) => sequence),
    1,
  );
  const lasts = Array.from({ length: states }, (_, i) => tf.stack(runs.map(({ last }) => last[i] as tf.Tensor)));
  return [tf.reshape(sequences, [steps, runs.length, batch, hidden]), ...lasts];
}

function walk(
  x: tf.Tensor3D,
  { input, inputBias }: Direction,
  cell: Cell,
  initial: readonly tf.Tensor2D[],
  backwards: boolean,
): { readonly sequence: tf.Tensor; readonly last: readonly tf.Tensor2D[] } {
  const [steps, batch, inputs] = x.shape;
  const all = withBias(tf.matMul(tf.reshape(x, [steps * batch, inputs]), input), inputBias);
  const projected = tf.unstack(tf.reshape(all, [steps, batch, -1])) as tf.Tensor2D[];
  const hidden = Array<tf.Tensor>(steps);
  let state = initial;
  for (let i = 0; i < steps; i++) {
    const step = backwards ? steps - 1 - i : i;
    state = cell(projected[step] as tf.Tensor2D, state);
    hidden[step] = state[0] as tf.Tensor2D;
  }
  return { sequence: tf.stack(hidden), last: state };
}

function directionOf(call: OperatorCall, d: number): Direction {
  const part = (tensor: tf.Tensor): tf.Tensor => tf.squeeze(tf.slice(tensor, d, 1), [0]);
  const bias = call.inputs[3];
  const [inputBias, recurrentBias] = bias === undefined ? [] : (tf.split(part(bias), 2) as tf.Tensor1D[]);
  return {
    input: tf.transpose(part(call.input(1))) as tf.Tensor2D,
    recurrent: tf.transpose(part(call.input(2))) as tf.Tensor2D,
    inputBias,
    recurrentBias,
  };
}

function initialState(call: OperatorCall, input: number, d: number, shape: [number, number]): tf.Tensor2D {
  const given = call.inputs[input];
  return given === undefined ? tf.zeros(shape) : (tf.squeeze(tf.slice(given, d, 1), [0]) as tf.Tensor2D);
}

function checkRecurrence(call: OperatorCall, states: number): void {
  if (call.inputs[4] !== undefined) throw call.unsupported("sequence_lens");
  if (call.inputs[5 + states] !== undefined) throw call.unsupported("peepholes");
  if (call.int("layout", 0) !== 0) throw call.unsupported("layout 1");
  if (call.float("clip", 0) !== 0) throw call.unsupported("clip");
  if (call.int("input_forget", 0) !== 0) throw call.unsupported("input_forget");
  const activations = call.node.attributes["activations"];
  const usual = states === 2 ? ["sigmoid", "tanh", "tanh"] : ["sigmoid", "tanh"];
  if (
    activations?.kind === "strings" &&
    !activations.value.every((name, i) => name.toLowerCase() === usual[i % usual.length])
  )
    throw call.unsupported(`the activations ${activations.value.join(", ")}`);
}

export const RECURRENT: Operators = {
  LSTM: (call) => recurrence(call, 2, lstmCell),
  GRU: (call) => recurrence(call, 1, (direction) => gruCell(direction, call.int("linear_before_reset", 0) === 1)),
};
