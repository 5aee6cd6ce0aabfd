import { intOf, intsOf } from "../graph/attributes.ts";
import { sameShape } from "../graph/dims.ts";
import { type Graph, type Node, type Value, isConstant } from "../graph/graph.ts";
import { elementCount, type Model } from "../models/model.ts";

/**
 * Tables of which each example reads few rows, such as embeddings. The indices that they are looked up by become inputs of the model,
 * so that they can be worked out for all examples at once, and made to count in a smaller table.
 */
export interface Lookups {
  /** The model with indices among its example inputs, and without the nodes that only they needed. */
  readonly model: Model;
  /** What to feed it, by example input. */
  readonly sources: readonly ExampleSource[];
  /** From the examples to the indices: a part of the model's graph. */
  readonly before: Graph;
  readonly groups: readonly TableGroup[];
}

/** The model's own input of this number, or an index that `before` works out. */
export type ExampleSource = { readonly input: number } | { readonly index: Value };

/** Tables that are looked up by the same indices. */
export interface TableGroup {
  /** Places among the model's tensors. */
  readonly tables: readonly number[];
  /** Places among the example inputs of `Lookups.model`; no other group has the same, also where the indices are. */
  readonly indices: readonly number[];
  /** Of each table. */
  readonly rows: number;
  /** Whether they are large enough that to copy them is slow. */
  readonly large: boolean;
}

/** Smaller tables are copied faster than they are gathered from: 64 kB. */
const LARGE_VALUES = 16_384;

interface Table {
  readonly tensor: number;
  readonly rows: number;
  readonly large: boolean;
  readonly readers: readonly Node[];
}

/** Undefined where the model has no large table that only lookups read. */
export function findLookups(model: Model): Lookups | undefined {
  const ofExamples = valuesOfExamples(model);
  const tables = model.tensors.flatMap((_, tensor) => tableOf(model, tensor, ofExamples) ?? []);
  const large = new Set(tables.filter((table) => table.large).map(lookupsOf));
  const worthIt = tables.filter((table) => large.has(lookupsOf(table)));
  return worthIt.length === 0 ? undefined : separate(model, grouped(worthIt), ofExamples);
}

/** A tensor that is only ever looked up along its first axis, by what follows from the examples. */
function tableOf(
  { graph, exampleInputs, tensors }: Model,
  tensor: number,
  ofExamples: ReadonlySet<string>,
): Table | undefined {
  const { shape, role } = tensors[tensor]!;
  const { name } = graph.inputs[exampleInputs + tensor] as Value;
  const readers = graph.nodes.filter(({ inputs }) => inputs.some((input) => input?.name === name));
  const looksUp = ({ operator, inputs, attributes }: Node): boolean =>
    operator === "Gather" &&
    intOf(attributes, "axis", 0) === 0 &&
    inputs[0]?.name === name &&
    ofExamples.has((inputs[1] as Value).name);
  const isOutput = graph.outputs.some((output) => output.name === name);
  if (role !== "weight" || readers.length === 0 || isOutput || !readers.every(looksUp)) return undefined;
  return { tensor, rows: shape[0] as number, large: elementCount(shape) >= LARGE_VALUES, readers };
}

/** The same for tables of as many rows that are looked up by the same indices. */
function lookupsOf({ rows, readers }: Table): string {
  const names = readers.map(({ inputs }) => (inputs[1] as Value).name);
  return JSON.stringify([rows, [...new Set(names)].sort()]);
}

function grouped(tables: readonly Table[]): readonly (readonly Table[])[] {
  const groups = new Map<string, Table[]>();
  for (const table of tables) {
    const key = `${lookupsOf(table)} ${table.large}`;
    groups.set(key, [...(groups.get(key) ?? []), table]);
  }
  return [...groups.values()];
}

/** Names of what follows from the examples alone, each example's from itself. */
function valuesOfExamples({ graph, exampleInputs }: Model): ReadonlySet<string> {
  const names = new Set(graph.inputs.slice(0, exampleInputs).map(({ name }) => name));
  for (const node of graph.nodes) {
    const [first, ...others] = node.inputs;
    const fromExamples = first !== undefined && names.has(first.name);
    const constants = others.every((input) => input === undefined || isConstant(input));
    if (fromExamples && constants && keepsExamplesApart(node, first))
      for (const { name } of node.outputs) names.add(name);
  }
  return names;
}

/** Whether a node makes of each example something by itself; examples are the first axis before and after. */
function keepsExamplesApart({ operator, attributes, outputs }: Node, input: Value): boolean {
  if (outputs.some(({ shape }) => shape.length === 0 || shape[0] !== input.shape[0])) return false;
  switch (operator) {
    case "Identity":
    case "Cast":
    case "Reshape":
    case "Flatten":
    case "Squeeze":
    case "Unsqueeze":
    case "Slice":
      return true;
    case "Gather":
    case "Split":
      return intOf(attributes, "axis", 0) !== 0;
    case "Add":
    case "Sub":
      return sameShape(input.shape, outputs[0]!.shape);
    case "Transpose":
      return intsOf(attributes, "perm")?.[0] === 0;
    default:
      return false;
  }
}

function separate(model: Model, groups: readonly (readonly Table[])[], ofExamples: ReadonlySet<string>): Lookups {
  const { graph, exampleInputs } = model;
  const { indices, nodes } = withIndexInputs(graph, groups);
  const kept = withoutUnread(nodes, graph.outputs, ofExamples);
  const read = namesRead(kept);
  const own = graph.inputs.flatMap((input, place) => (place < exampleInputs && read.has(input.name) ? [place] : []));
  const inputs = [...own.map((place) => graph.inputs[place] as Value), ...indices.map(({ input }) => input)];
  const params = graph.inputs.slice(exampleInputs);
  return {
    model: { ...model, graph: { ...graph, nodes: kept, inputs: [...inputs, ...params] }, exampleInputs: inputs.length },
    sources: [...own.map((input) => ({ input })), ...indices.map(({ index }) => ({ index }))],
    before: partOf(
      model,
      indices.map(({ index }) => index),
      ofExamples,
    ),
    groups: groups.map((tables, g) => ({
      tables: tables.map(({ tensor }) => tensor),
      indices: indices.flatMap(({ group }, i) => (group === g ? [own.length + i] : [])),
      rows: tables[0]!.rows,
      large: tables[0]!.large,
    })),
  };
}

interface IndexInput {
  readonly group: number;
  /** In the model's graph. */
  readonly index: Value;
  readonly input: Value;
}

/** The graph's nodes with lookups from inputs, one for each index of a group. */
function withIndexInputs(
  { nodes }: Graph,
  groups: readonly (readonly Table[])[],
): { readonly indices: readonly IndexInput[]; readonly nodes: readonly Node[] } {
  const indices: IndexInput[] = [];
  const changed = new Map<Node, Node>();
  groups.forEach((tables, group) => {
    for (const node of tables.flatMap(({ readers }) => readers)) {
      const [table, index] = node.inputs as [Value, Value];
      let made = indices.find((each) => each.group === group && each.index.name === index.name);
      if (made === undefined) {
        made = { group, index, input: { name: `lookup ${indices.length}`, type: "int64", shape: index.shape } };
        indices.push(made);
      }
      changed.set(node, { ...node, inputs: [table, made.input] });
    }
  });
  return { indices, nodes: nodes.map((node) => changed.get(node) ?? node) };
}

/** Without those of the nodes on examples that nobody reads from. */
function withoutUnread(
  nodes: readonly Node[],
  outputs: readonly Value[],
  ofExamples: ReadonlySet<string>,
): readonly Node[] {
  const read = new Set(outputs.map(({ name }) => name));
  const kept = nodes.toReversed().filter((node) => {
    const unread = node.outputs.every(({ name }) => ofExamples.has(name) && !read.has(name));
    if (!unread) for (const input of node.inputs) if (input !== undefined) read.add(input.name);
    return !unread;
  });
  return kept.toReversed();
}

function namesRead(nodes: readonly Node[]): ReadonlySet<string> {
  return new Set(nodes.flatMap(({ inputs }) => inputs.flatMap((input) => (input === undefined ? [] : [input.name]))));
}

/** What of the model's graph leads from its examples to `outputs`. */
function partOf({ graph, exampleInputs }: Model, outputs: readonly Value[], ofExamples: ReadonlySet<string>): Graph {
  const onExamples = graph.nodes.filter((node) => node.outputs.every(({ name }) => ofExamples.has(name)));
  const nodes = withoutUnread(onExamples, outputs, ofExamples);
  const read = namesRead(nodes);
  const constants = graph.constants.filter(({ name }) => read.has(name));
  return { name: "lookups", inputs: graph.inputs.slice(0, exampleInputs), outputs, constants, nodes };
}
