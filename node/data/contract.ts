import { z } from "zod";
import { arrayContractSchema, arrayShape, missingInArray } from "./contract/array.ts";
import { charactersContractSchema, charactersShape, missingInCharacters } from "./contract/characters.ts";
import { imagesContractSchema, imagesShape, missingInImages } from "./contract/images.ts";
import { missingInRatings, ratingsContractSchema, ratingsShape } from "./contract/ratings.ts";
import { missingInTable, tableContractSchema, tableShape } from "./contract/table.ts";
import { missingInTags, tagsContractSchema, tagsShape } from "./contract/tags.ts";
import { missingInText, textContractSchema, textShape } from "./contract/text.ts";
import type { ExampleShape } from "./exampleShape.ts";

/**
 * What a job says about its participants' data, so that all of them give a model the same numbers for the same things. A kind
 * is a file in `contract/`; `load.ts` reads files by a contract, `fit.ts` fills in what a contract leaves open.
 */
export const dataContractSchema = z.discriminatedUnion("kind", [
  tableContractSchema,
  imagesContractSchema,
  textContractSchema,
  tagsContractSchema,
  charactersContractSchema,
  ratingsContractSchema,
  arrayContractSchema,
]);

export type DataContract = z.infer<typeof dataContractSchema>;
/** A contract as a person writes it: defaults may be left out. */
export type DataContractInput = z.input<typeof dataContractSchema>;

/**
 * The tensors of one example.
 * @throws PacelineError `bad-input` where they are not known before the contract is fitted
 */
export function exampleShape(contract: DataContract): ExampleShape {
  switch (contract.kind) {
    case "table":
      return tableShape(contract);
    case "images":
      return imagesShape(contract);
    case "text":
      return textShape(contract);
    case "tags":
      return tagsShape(contract);
    case "characters":
      return charactersShape(contract);
    case "ratings":
      return ratingsShape();
    case "array":
      return arrayShape(contract);
  }
}

/** The fields that still have to be fitted, as paths within the contract; empty for one that can be used. */
export function missingIn(contract: DataContract): readonly string[] {
  switch (contract.kind) {
    case "table":
      return missingInTable(contract);
    case "images":
      return missingInImages(contract);
    case "text":
      return missingInText(contract);
    case "tags":
      return missingInTags(contract);
    case "characters":
      return missingInCharacters(contract);
    case "ratings":
      return missingInRatings(contract);
    case "array":
      return missingInArray(contract);
  }
}
