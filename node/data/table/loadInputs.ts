import { type TableContract, tableShape } from "../contract/table.ts";
import type { DataSource } from "../dataSource.ts";
import type { Dataset } from "../dataset.ts";
import { badData } from "../fault.ts";
import { growingFloats } from "../growing.ts";
import { readRows } from "../rows.ts";
import type { Cell } from "../rows/row.ts";
import { featureReaders } from "./features.ts";
import { tableRows } from "./rowOptions.ts";

/** The features of a table; a label column may be there and is not read. Throws what `loadTable` throws. */
export async function loadTableInputs(
  source: DataSource,
  contract: TableContract,
): Promise<Pick<Dataset, "count" | "inputs">> {
  const features = growingFloats(source.path);
  const read = featureReaders(contract, source.path, features);
  const columns = contract.columns.map(({ name }) => name);
  const unread = [contract.label.column, ...(contract.group === undefined ? [] : [contract.group])];
  const ignore = [...contract.ignore, ...unread.filter((name) => !columns.includes(name))];
  let count = 0;
  for await (const { row, cells } of readRows(source, { ...tableRows(contract), columns, ignore })) {
    read.forEach((each, i) => each(cells[i] as Cell, row));
    count++;
  }
  if (count === 0) throw badData({ file: source.path }, "it has no rows");
  return { count, inputs: tableShape(contract).inputs.map(({ shape }) => ({ shape, values: features.take() })) };
}
