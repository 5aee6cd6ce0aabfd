import { elementCount, type Model } from "../models/model.ts";
import type { OptimiserSpec } from "../optimiserSpec.ts";
import { findLookups, type Lookups, type TableGroup } from "./lookups.ts";
import { takesSteps } from "./optimisers.ts";

/** Steps that follow each other may share the rows of large tables that any of them reads (trainingLoop.ts). */
export interface SharedRows {
  /** How many steps; 1 where to share gains nothing, or where a step changes other rows than it reads. */
  readonly together: number;
  /** Their tables. */
  readonly groups: readonly TableGroup[];
}

export const NOTHING_SHARED: SharedRows = { together: 1, groups: [] };
/** More make the graph large and gain little. */
const MOST_STEPS = 8;
/** What a row of a whole table costs, which is not in the cache, beside one of those that are shared. */
const WIDE = 2;
/** In larger models, and in those with slow operators, a step takes longer than the copy of a table. */
const FEW_NODES = 50;
const SLOW = ["LSTM", "GRU", "RNN", "Conv"];

/** What copies least. */
export function planSharedRows(model: Model, optimiser: OptimiserSpec, batchSize: number): SharedRows {
  const { weightDecay = 0, proximal = 0 } = optimiser;
  const { nodes } = model.graph;
  const slow = nodes.length > FEW_NODES || nodes.some(({ operator }) => SLOW.includes(operator));
  const lookups =
    takesSteps(optimiser) && weightDecay === 0 && proximal === 0 && !slow ? findLookups(model) : undefined;
  if (lookups === undefined) return NOTHING_SHARED;
  const plans = Array.from({ length: MOST_STEPS }, (_, i) => planFor(lookups, batchSize, i + 1));
  return plans.reduce((best, plan) => (plan.copied < best.copied ? plan : best));
}

interface Plan extends SharedRows {
  /** Values a step, those of whole tables twice. */
  readonly copied: number;
}

function planFor({ model, groups: all }: Lookups, batchSize: number, together: number): Plan {
  const costs = all
    .filter(({ large }) => large)
    .map((group) => {
      const width =
        group.tables.reduce((sum, place) => sum + elementCount(model.tensors[place]!.shape), 0) / group.rows;
      const lookups = batchSize * lookupsOfExample(model, group);
      return { group, direct: width * WIDE * group.rows, shared: width * sharedCopies(group.rows, lookups, together) };
    });
  const groups = together === 1 ? [] : costs.flatMap(({ group, direct, shared }) => (shared < direct ? [group] : []));
  const copied = costs.reduce(
    (sum, { direct, shared }) => sum + (together === 1 ? direct : Math.min(direct, shared)),
    0,
  );
  return { together: groups.length === 0 ? 1 : together, groups, copied };
}

/** Rows copied a step: each step copies what is shared; all of them together copy the table, and take and put the shared rows. */
function sharedCopies(rows: number, lookups: number, together: number): number {
  return together * lookups + (WIDE * rows) / together + 3 * lookups;
}

/** Of an example. */
function lookupsOfExample({ graph }: Model, { indices }: TableGroup): number {
  return indices.reduce((sum, place) => sum + elementCount(graph.inputs[place]!.shape.slice(1) as number[]), 0);
}
