import type { DataContract } from "./contract.ts";
import type { Dataset } from "./dataset.ts";
import { sourceFor } from "./formats.ts";
import { loadTableInputs } from "./table/loadInputs.ts";
import { loadTextInputs } from "./text/loadInputs.ts";

/** Examples of which nobody knows the targets. */
export type Inputs = Pick<Dataset, "count" | "inputs">;

/**
 * A file's examples without their labels, which may be in it or not; undefined where data of the contract's kind are not read without.
 * @param text a source as a user writes it, such as `csv:FILE`
 * @throws PacelineError as `loadData`
 */
export async function loadInputs(text: string, contract: DataContract): Promise<Inputs | undefined> {
  const source = sourceFor(contract, text);
  if (contract.kind === "table") return loadTableInputs(source, contract);
  return contract.kind === "text" ? loadTextInputs(source, contract) : undefined;
}
