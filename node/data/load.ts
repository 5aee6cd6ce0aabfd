import { PacelineError } from "../core/errors.ts";
import { type DataContract, missingIn } from "./contract.ts";
import type { Dataset } from "./dataset.ts";
import { sourceFor } from "./formats.ts";

/**
 * A participant's examples as the job's contract lays them out. The reader is loaded with them: each kind has libraries of its own.
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
      return (await import("./table/load.ts")).loadTable(source, contract);
    case "images":
      return (await import("./images/load.ts")).loadImages(source, contract);
    case "text":
      return (await import("./text/load.ts")).loadText(source, contract);
    case "tags":
      return (await import("./tags/load.ts")).loadTags(source, contract);
    case "characters":
      return (await import("./characters/load.ts")).loadCharacters(source, contract);
    case "ratings":
      return (await import("./ratings/load.ts")).loadRatings(source, contract);
    case "array":
      return (await import("./npy/load.ts")).loadArrays(source, contract);
  }
}
