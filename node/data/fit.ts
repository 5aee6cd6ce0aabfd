import { fitCharacters } from "./characters/load.ts";
import type { DataContract } from "./contract.ts";
import { sourceFor } from "./formats.ts";
import { fitImagesTo } from "./images/load.ts";
import { fitArrays } from "./npy/load.ts";
import { fitRatings } from "./ratings/load.ts";
import { fitTags } from "./tags/load.ts";
import { fitText } from "./text/load.ts";
import { fitTable } from "./table/fit.ts";

/**
 * The contract with everything filled in that it leaves open (`missingIn`), from a sample; what it says already stays. The same
 * sample gives the same contract.
 * @param text the sample's source as a user writes it, such as `csv:FILE`
 * @throws PacelineError `not-found`; `bad-input` naming file, row and column of what breaks the contract
 */
export async function fitContract(text: string, contract: DataContract): Promise<DataContract> {
  const source = sourceFor(contract, text);
  switch (contract.kind) {
    case "table":
      return fitTable(source, contract);
    case "images":
      return fitImagesTo(source, contract);
    case "text":
      return fitText(source, contract);
    case "tags":
      return fitTags(source, contract);
    case "characters":
      return fitCharacters(source, contract);
    case "ratings":
      return fitRatings(source, contract);
    case "array":
      return fitArrays(source, contract);
  }
}
