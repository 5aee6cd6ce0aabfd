import { int, type Value } from "../../../graph/graph.ts";
import { ownValue } from "../../guard.ts";
import {
  asFloat,
  fixedSize,
  type Layer,
  type LayerCall,
  layerNode,
  type Layers,
  visibleInput,
  weightOf,
} from "../layer.ts";
import { LayerConfig } from "../layerConfig.ts";
import { plain } from "../plane.ts";
import { activationName } from "./activation.ts";
import type { Cell, CellResult, CellRun } from "./recurrentCell.ts";
import { runOperator } from "./recurrentOperator.ts";
import { gruStep, lstmStep, rnnStep, runUnrolled } from "./recurrentUnrolled.ts";

const usual = ({ activation, recurrentActivation }: CellRun): boolean =>
  activation === "tanh" && recurrentActivation === "sigmoid";

const CELLS: Readonly<Record<string, Cell>> = {
  // Keras: input, forget, cell, output; ONNX: input, output, forget, cell
  LSTM: { operator: "LSTM", gates: 4, usual, order: [0, 3, 1, 2], step: lstmStep },
  GRU: { operator: "GRU", gates: 3, usual, order: [0, 1, 2], step: gruStep },
  SimpleRNN: { operator: "RNN", gates: 1, usual: ({ activation }) => activation === "tanh", order: [0], step: rnnStep },
};

const recurrentLayer: Layer = (call) => {
  const { config } = call;
  const backwards = config.flag("go_backwards", false);
  const { states, last } = run(call, config, [...call.scope], backwards);
  if (!config.flag("return_sequences", false)) return plain(last);
  return plain(backwards ? flipped(call, states) : states);
};

/** In the order of computing, which is against that of the steps. */
function flipped(call: LayerCall, states: Value): Value {
  const steps = states.shape[1] as number;
  const order = call.builder.ints(Array.from({ length: steps }, (_, i) => steps - 1 - i));
  return layerNode(call, "Gather", [states, order], { axis: int(1) });
}

function run(call: LayerCall, config: LayerConfig, scope: readonly string[], reverse: boolean): CellResult {
  const { builder } = call;
  const cell = ownValue(CELLS, config.className) as Cell;
  for (const key of ["return_state", "stateful", "time_major"]) config.refuse(key, "is not supported");
  config.refuse("recurrent_dropout", "dropout between steps is not supported");
  const x = dropped(call, config, asFloat(builder, visibleInput(call)));
  if (x.shape.length !== 3)
    throw config.unsupported(`its input must be [batch, steps, values], not [${x.shape.join(", ")}]`);
  const units = config.size("units");
  const width = cell.gates * units;
  const own: LayerCall = { ...call, config, scope };
  const kernel = weightOf(own, "kernel", 0, [fixedSize(call, x, 2), width]);
  const recurrentKernel = weightOf(own, "recurrent_kernel", 1, [units, width]);
  const biasShape = config.className === "GRU" && config.flag("reset_after", false) ? [2, width] : [width];
  const cellRun: CellRun = {
    builder,
    config,
    x,
    steps: fixedSize(call, x, 1),
    units,
    kernel,
    recurrentKernel,
    bias: config.flag("use_bias", true) ? weightOf(own, "bias", 2, biasShape) : undefined,
    activation: activationName(config, "activation", "tanh"),
    recurrentActivation: activationName(config, "recurrent_activation", "sigmoid"),
    reverse,
  };
  return cell.usual(cellRun) ? runOperator(cell, cellRun) : runUnrolled(cell, cellRun);
}

/** Keras draws one mask for all steps; here each step has its own. */
function dropped({ builder }: LayerCall, config: LayerConfig, x: Value): Value {
  const rate = config.number("dropout", 0);
  return rate === 0 ? x : builder.node("Dropout", [x, builder.floats([rate], [])], {}, config.nodeName());
}

const MERGES: Readonly<Record<string, string>> = { sum: "Add", mul: "Mul", ave: "Add" };

/** Two layers of one kind, of which the second reads from the last step to the first. */
const bidirectional: Layer = (call) => {
  const { builder, config } = call;
  const inner = innerConfig(config);
  if (ownValue(CELLS, inner.className) === undefined) throw config.unsupported(`${inner.className} in both directions`);
  const [ahead, back] = ["forward", "backward"].map((direction) => {
    const scope = [...call.scope, `${direction}_${inner.name}`];
    return run(call, inner, scope, direction === "backward");
  }) as [CellResult, CellResult];
  const sequences = inner.flag("return_sequences", false);
  const pair = sequences ? [ahead.states, back.states] : [ahead.last, back.last];
  const mode = config.text("merge_mode", "concat");
  if (mode === "concat") return plain(layerNode(call, "Concat", pair, { axis: int(-1) }));
  const operator = ownValue(MERGES, mode);
  if (operator === undefined) throw config.unsupported(`the merge mode ${mode} is not supported`);
  const merged = layerNode(call, operator, pair);
  return plain(mode === "ave" ? builder.node("Mul", [merged, builder.floats([0.5], [])]) : merged);
};

/** The layer that a wrapper is around. */
export function innerConfig(config: LayerConfig): LayerConfig {
  const layer = config.raw("layer");
  const { class_name: className, config: inner } = (layer ?? {}) as Record<string, unknown>;
  if (typeof className !== "string" || typeof inner !== "object" || inner === null)
    throw config.wrong("layer", "a layer");
  const { name } = inner as Record<string, unknown>;
  // what a wrapper is told of training holds for what is in it
  const own = { ...inner, trainable: config.flag("trainable", true) };
  return new LayerConfig(typeof name === "string" ? name : config.name, className, own, config.file);
}

export const RECURRENT_LAYERS: Layers = {
  LSTM: recurrentLayer,
  GRU: recurrentLayer,
  SimpleRNN: recurrentLayer,
  Bidirectional: bidirectional,
};
