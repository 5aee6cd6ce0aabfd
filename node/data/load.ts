import { PacelineError } from "../core/errors.ts";
import { loadCharacters } from "./characters/load.ts";
import { type DataContract, missingIn } from "./contract.ts";
import type { Dataset } from "./dataset.ts";
import { sourceFor } from "./formats.ts";
import { loadImages } from "./images/load.ts";
import { loadArrays } from "./npy/load.ts";
import { loadRatings } from "./ratings/load.ts";
import { loadTags } from "./tags/load.ts";
import { loadText } from "./text/load.ts";
import { loadTable } from "./table/load.ts";

/**
 * A participant's examples as the job's contract lays them out.
 * @param text a source as a user writes it, such as `csv:FILE`
 * @throws PacelineError `not-found`; `bad-input` naming file, row and column of what breaks the contract, or what the contract
 *   still lacks
 */
export async function loadData(text: string, contract: DataContract): Promise<Dataset> {
  const source = sourceFor(contract, text);
  const missing = missingIn(contract);
  if (missing.length > 0)
    throw new PacelineError("bad-input", `the data contract lacks ${missing.join(", ")}; fit it to a sample first`);
  switch (contract.kind) {
    case "table":
      return loadTable(source, contract);
    case "images":
      return loadImages(source, contract);
    case "text":
      return loadText(source, contract);
    case "tags":
      return loadTags(source, contract);
    case "characters":
      return loadCharacters(source, contract);
    case "ratings":
      return loadRatings(source, contract);
    case "array":
      return loadArrays(source, contract);
  }
}
