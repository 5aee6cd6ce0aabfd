import { elementCount, type Model } from "../models/model.ts";
import type { OptimiserSpec } from "../optimiserSpec.ts";
import { findLookups, type Lookups, type TableGroup } from "./lookups.ts";
import { takesSteps } from "./optimisers.ts";

/** How a model's large tables are trained (trainingGraph.ts, trainingLoop.ts). */
export interface TablePlan {
  /** Whether local training goes on with only those rows that some example looks up. */
  readonly touchedOnly: boolean;
  /** Steps that share the rows that any of them looks up; 1 where that gains nothing, or where a step changes other rows too. */
  readonly together: number;
  /** The tables of which they share rows. */
  readonly shared: readonly TableGroup[];
}

export const AS_THEY_ARE: TablePlan = { touchedOnly: false, together: 1, shared: [] };

/** More make the graph large and gain little. */
const MOST_STEPS = 8;
/** What a row of a whole table costs, which is not in the cache, beside one of those that are shared. */
const WIDE = 2;
/** In larger models, and in those with slow operators, a step takes longer than the copy of a table. */
const FEW_NODES = 50;
const SLOW = ["LSTM", "GRU", "RNN", "Conv"];

/** The plan that copies least. */
export function planTables(
  model: Model,
  optimiser: OptimiserSpec,
  { batchSize, examples }: { readonly batchSize: number; readonly examples: number },
): TablePlan {
  const lookups = leavesRowsAlone(optimiser) ? findLookups(model) : undefined;
  if (lookups === undefined) return AS_THEY_ARE;
  if (!changesLookedUpRowsOnly(optimiser)) return { ...AS_THEY_ARE, touchedOnly: true };
  const costs = costsOf(lookups, batchSize);
  const steps = isQuick(model) ? MOST_STEPS : 1;
  const plans = Array.from({ length: steps }, (_, i) => sharing(costs, i + 1));
  const { together, shared } = plans.reduce((best, plan) => (plan.copied < best.copied ? plan : best));
  return { touchedOnly: costs.some(({ group, each }) => examples * each < group.rows), together, shared };
}

/** Whether rows without a gradient stay as they are; weight decay shrinks all. */
export function leavesRowsAlone({ weightDecay = 0 }: OptimiserSpec): boolean {
  return weightDecay === 0;
}

/** Others go over all rows at each step, so that the fewer there are, the better. */
function changesLookedUpRowsOnly(optimiser: OptimiserSpec): boolean {
  return takesSteps(optimiser) && (optimiser.proximal ?? 0) === 0;
}

function isQuick({ graph: { nodes } }: Model): boolean {
  return nodes.length <= FEW_NODES && !nodes.some(({ operator }) => SLOW.includes(operator));
}

interface Cost {
  readonly group: TableGroup;
  /** Lookups of an example. */
  readonly each: number;
  /** Values that a step copies, those of whole tables `WIDE` times. */
  readonly copied: (together: number) => number;
}

function costsOf({ model, groups }: Lookups, batchSize: number): readonly Cost[] {
  return groups
    .filter(({ large }) => large)
    .map((group) => {
      const each = group.indices.reduce((sum, place) => sum + lookupsOf(model, place), 0);
      const size = group.tables.reduce((sum, place) => sum + elementCount(model.tensors[place]!.shape), 0);
      const copied = (together: number): number =>
        (size / group.rows) * rowsCopied(group.rows, batchSize * each, together);
      return { group, each, copied };
    });
}

function lookupsOf({ graph }: Model, input: number): number {
  return elementCount(graph.inputs[input]!.shape.slice(1) as number[]);
}

/** Each step copies what is shared; all of them together copy the table, and take the shared rows and put them back. */
function rowsCopied(rows: number, lookups: number, together: number): number {
  return together === 1 ? WIDE * rows : together * lookups + (WIDE * rows) / together + 3 * lookups;
}

function sharing(
  costs: readonly Cost[],
  together: number,
): Pick<TablePlan, "together" | "shared"> & { readonly copied: number } {
  const shared = costs.filter(({ copied }) => copied(together) < copied(1)).map(({ group }) => group);
  const copied = costs.reduce((sum, cost) => sum + Math.min(cost.copied(together), cost.copied(1)), 0);
  return { together, shared, copied };
}
