import { PacelineError } from "../core/errors.ts";
import type { DataContract } from "./contract.ts";
import { parseDataSource } from "./dataSource.ts";
import { DIGITS_CONTRACT } from "./contract/digits.ts";
import { fitContract } from "./fit.ts";
import { IMAGE_FORMATS, ROW_FORMATS } from "./formatNames.ts";
import { inferTable, type TableOptions } from "./table/infer.ts";

/**
 * A complete contract for data that nobody has described: pictures as they come, and tables by what is in their columns.
 * @param text `digits`, or a source as a user writes it, such as `csv:FILE`
 * @throws PacelineError `bad-input` where the source's kind does not tell what its examples are
 */
export async function proposeContract(text: string, table: TableOptions = {}): Promise<DataContract> {
  if (text === "digits") return DIGITS_CONTRACT;
  const source = parseDataSource(text);
  if ((IMAGE_FORMATS as readonly string[]).includes(source.format))
    return fitContract(text, { kind: "images", resize: "reject" });
  if ((ROW_FORMATS as readonly string[]).includes(source.format))
    return inferTable(source, { scale: "standardise", labelScale: "standardise", ...table });
  throw new PacelineError(
    "bad-input",
    `what ${text} holds cannot be found out from it: give a job file whose data.contract says it`,
  );
}
