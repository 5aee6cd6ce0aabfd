import type { GraphBuilder } from "../graph/builder.ts";
import type { Value } from "../graph/graph.ts";
import { sizeAt } from "./gradients/sizes.ts";
import type { TableGroup } from "./lookups.ts";
import type { ChooseRows, RowChoice } from "./tables.ts";

/** A model's examples and tensors, with narrow tables and indices into them. */
export interface Narrowed {
  /** By example input of the model. */
  readonly examples: readonly Value[];
  readonly tensors: readonly Value[];
  /** All tensors, with the tables as wide as they were. */
  readonly widen: (tensors: readonly Value[]) => readonly Value[];
}

export function narrow(
  builder: GraphBuilder,
  groups: readonly TableGroup[],
  examples: readonly Value[],
  tensors: readonly Value[],
  chooseRows: ChooseRows,
): Narrowed {
  const known = new Map<string, RowChoice>();
  const choices = groups.map(({ tables, indices, rows }) => {
    const values = indices.map((place) => examples[place] as Value);
    const key = JSON.stringify([rows, values.map(({ name }) => name)]);
    const choice =
      known.get(key) ?? chooseRows(builder, values, sizeAt(builder, tensors[tables[0] as number] as Value, 0));
    known.set(key, choice);
    return choice;
  });
  const next = { examples: [...examples], tensors: [...tensors] };
  groups.forEach(({ tables, indices }, g) => {
    const choice = choices[g] as RowChoice;
    indices.forEach((place, i) => (next.examples[place] = choice.indices[i] as Value));
    for (const place of tables) next.tensors[place] = choice.narrow(tensors[place] as Value);
  });
  return {
    ...next,
    widen(narrow) {
      const wide = [...narrow];
      groups.forEach(({ tables }, g) => {
        for (const place of tables) wide[place] = choices[g]!.widen(tensors[place] as Value, narrow[place] as Value);
      });
      return wide;
    },
  };
}
