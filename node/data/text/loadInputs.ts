import { rowOptions } from "../contract/rowFields.ts";
import { type TextContract, textShape } from "../contract/text.ts";
import type { DataSource } from "../dataSource.ts";
import type { Dataset } from "../dataset.ts";
import { badData } from "../fault.ts";
import { growingInts } from "../growing.ts";
import { readRows } from "../rows.ts";
import { hashText } from "./ngrams.ts";

/** Texts without their labels, which may be there and are not read. Throws what `loadText` throws. */
export async function loadTextInputs(
  source: DataSource,
  contract: TextContract,
): Promise<Pick<Dataset, "count" | "inputs">> {
  const { path: file } = source;
  const { textColumn: column, label, group, length } = contract;
  const ngrams = growingInts(file);
  const ignore = [...contract.ignore, label.column, ...(group === undefined ? [] : [group])];
  let count = 0;
  for await (const { row, cells } of readRows(source, rowOptions({ ...contract, ignore }, [column]))) {
    const [text] = cells;
    if (text === null || text === undefined || text === "")
      throw badData({ file, row, column }, "there is no text; remove the row");
    const hashed = hashText(String(text), contract);
    for (let i = 0; i < length; i++) ngrams.push(hashed[i] ?? 0);
    count++;
  }
  if (count === 0) throw badData({ file }, "it has no rows");
  return { count, inputs: textShape(contract).inputs.map(({ shape }) => ({ shape, values: ngrams.take() })) };
}
