import type { TableContract } from "../contract/table.ts";
import type { RowOptions } from "../rows/row.ts";

/** A table's rows as its contract wants them: the features' cells, then the label's, then the group's where there is one. */
export function tableRows({ columns, label, group, header, separator, ignore, others }: TableContract): RowOptions {
  const named = [...columns.map(({ name }) => name), label.column];
  return { columns: group === undefined ? named : [...named, group], header, separator, ignore, others };
}
