import { z } from "zod";
import { PacelineError } from "../../../core/errors.ts";

/**
 * The layers of a Keras model and how they are joined: Sequential and Functional, as Keras 2 and 3 and tfjs write them. A layer
 * may be called several times; each call is a node of its own.
 */
export interface Topology {
  readonly name: string;
  readonly layers: readonly LayerNode[];
  readonly inputs: readonly TensorRef[];
  readonly outputs: readonly TensorRef[];
}

export interface LayerNode {
  readonly name: string;
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** What each call reads. */
  readonly calls: readonly (readonly TensorRef[])[];
}

/** An output of a call of a layer. */
export interface TensorRef {
  readonly layer: string;
  readonly call: number;
  readonly tensor: number;
}

const record = z.record(z.string(), z.unknown());
const rawLayer = z.looseObject({
  class_name: z.string(),
  config: record,
  name: z.string().optional(),
  inbound_nodes: z.array(z.unknown()).max(10_000).optional(),
});
type RawLayer = z.infer<typeof rawLayer>;

const MAX_LAYERS = 10_000;
const layers = z.array(rawLayer).min(1).max(MAX_LAYERS);
/** Old Sequential models have a list as their config. */
const sequential = z.union([
  layers,
  z.looseObject({ layers, name: z.string().optional() }).transform((config) => config.layers),
]);
const tensorRef = z.tuple([z.string(), z.int(), z.int()]).rest(z.unknown());
/** A single one may stand without the list around it. */
const tensorRefs = z.union([tensorRef.transform((ref) => [ref]), z.array(tensorRef).min(1)]);
const functional = z.looseObject({
  layers,
  input_layers: tensorRefs,
  output_layers: tensorRefs,
  name: z.string().optional(),
});

/** Whether a layer is a model of its own. */
export function isModel(className: string): boolean {
  return ["Sequential", "Model", "Functional"].includes(className);
}

/** @param json the `modelTopology` of a model.json, whose model may stand one level deeper */
export function readTopology(json: Readonly<Record<string, unknown>>): Topology {
  const inner = record.safeParse(json["model_config"]);
  const { class_name: className, config } = inner.success ? inner.data : json;
  if (typeof className !== "string" || !isModel(className))
    throw new PacelineError(
      "unsupported",
      `the model is of class ${String(className)}: Sequential and Functional are supported`,
    );
  return topologyOf(className, config);
}

export function topologyOf(className: string, config: unknown): Topology {
  return className === "Sequential" ? readSequential(config) : readFunctional(config);
}

function parse<T>(schema: z.ZodType<T>, config: unknown): T {
  const parsed = schema.safeParse(config);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new PacelineError("bad-input", `the model's layers: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`);
}

function nameOf({ name, config, class_name: className }: RawLayer): string {
  const own = name ?? config["name"];
  if (typeof own === "string" && own !== "") return own;
  throw new PacelineError("bad-input", `a layer of class ${className} has no name`);
}

/** A chain; where it does not begin with an input layer, its first layer says what the input is. */
function readSequential(config: unknown): Topology {
  const raw = parse(sequential, config);
  const [first] = raw as [RawLayer];
  const chain = first.class_name === "InputLayer" ? raw : [inputLayerFor(first, config), ...raw];
  const names = chain.map(nameOf);
  const nodes = chain.map(({ class_name: className, config: own }, i) => ({
    name: names[i] as string,
    className,
    config: own,
    calls: i === 0 ? [] : [[{ layer: names[i - 1] as string, call: 0, tensor: 0 }]],
  }));
  requireDistinct(names);
  const end = (layer: string): TensorRef => ({ layer, call: 0, tensor: 0 });
  return {
    name: modelName(config),
    layers: nodes,
    inputs: [end(names[0] as string)],
    outputs: [end(names.at(-1) as string)],
  };
}

function inputLayerFor({ config }: RawLayer, model: unknown): RawLayer {
  const built = record.safeParse(model);
  const shape =
    config["batch_input_shape"] ??
    config["batch_shape"] ??
    (built.success ? built.data["build_input_shape"] : undefined);
  return {
    class_name: "InputLayer",
    config: { name: `${String(config["name"])}_input`, batch_input_shape: shape, dtype: config["dtype"] },
  };
}

function modelName(config: unknown): string {
  const named = record.safeParse(config);
  const name = named.success ? named.data["name"] : undefined;
  return typeof name === "string" ? name : "model";
}

function readFunctional(config: unknown): Topology {
  const raw = parse(functional, config);
  const nodes = raw.layers.map((layer) => ({
    name: nameOf(layer),
    className: layer.class_name,
    config: layer.config,
    calls: (layer.inbound_nodes ?? []).map((call) => readCall(call, nameOf(layer))),
  }));
  requireDistinct(nodes.map(({ name }) => name));
  return countedFromZero({
    name: raw.name ?? "model",
    layers: nodes,
    inputs: raw.input_layers.map(refOf),
    outputs: raw.output_layers.map(refOf),
  });
}

/** A model that is a layer has a call of its own from when it was made, which is counted but not listed. */
function countedFromZero(topology: Topology): Topology {
  const { layers: nodes, outputs } = topology;
  const refs = [...outputs, ...nodes.flatMap(({ calls }) => calls.flat())];
  const first = new Set(refs.filter(({ call }) => call === 0).map(({ layer }) => layer));
  const counted = new Set(
    nodes.filter(({ name, className }) => isModel(className) && !first.has(name)).map(({ name }) => name),
  );
  const shift = (ref: TensorRef): TensorRef => (counted.has(ref.layer) ? { ...ref, call: ref.call - 1 } : ref);
  return {
    ...topology,
    layers: nodes.map((node) => ({ ...node, calls: node.calls.map((call) => call.map(shift)) })),
    outputs: outputs.map(shift),
  };
}

function refOf([layer, call, tensor]: z.infer<typeof tensorRef>): TensorRef {
  return { layer, call, tensor };
}

const kerasTensor = z.looseObject({
  class_name: z.literal("__keras_tensor__"),
  config: z.looseObject({ keras_history: tensorRef }),
});

/** Keras 2 and tfjs: a list of [layer, call, tensor, options]; Keras 3: an object whose `args` are tensors, or a list of them. */
function readCall(call: unknown, layer: string): readonly TensorRef[] {
  const listed = z.array(tensorRef).min(1).safeParse(call);
  if (listed.success) return listed.data.map(refOf);
  const args = z.looseObject({ args: z.array(z.unknown()) }).safeParse(call);
  const tensors = args.success ? args.data.args.flat().map((each) => kerasTensor.safeParse(each)) : [];
  if (tensors.length === 0 || tensors.some(({ success }) => !success))
    throw new PacelineError("bad-input", `the layer "${layer}" is called with something else than tensors`);
  return tensors.map(({ data }) => refOf((data as z.infer<typeof kerasTensor>).config.keras_history));
}

function requireDistinct(names: readonly string[]): void {
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new PacelineError("bad-input", `two layers have the name "${twice}"`);
}
