import type { DataContract } from "../contract.ts";
import { fittedImages, imagesContractSchema, type FittedImages, type ImagesContract } from "../contract/images.ts";
import type { DataSource } from "../dataSource.ts";
import type { Dataset } from "../dataset.ts";
import { openIdxFolder } from "../idx.ts";
import { fitImages } from "./fitImages.ts";
import { openImageFolder } from "./folder.ts";
import type { Pictures } from "./pictures.ts";
import { readImages } from "./readImages.ts";

/** @throws PacelineError `not-found`, or `bad-input` naming the file */
export function loadImages(source: DataSource, contract: ImagesContract): Dataset {
  return readImages(fittedImages(contract), openPictures(source));
}

/** Fills in what the contract leaves open. Throws what `loadImages` throws. */
export function fitImagesTo(source: DataSource, contract: ImagesContract): FittedImages {
  return fitImages(contract, openPictures(source));
}

function openPictures({ format, path }: DataSource): Pictures {
  return format === "idx" ? openIdxFolder(path, "train") : openImageFolder(path);
}

/**
 * Both parts of an IDX folder without a contract: light 0 … 1 as it stands, and as many classes as there are labels.
 * @throws PacelineError `not-found`, or `bad-input` naming the file
 */
export function loadIdxFolder(folder: string): { readonly train: Dataset; readonly test: Dataset } {
  const [train, test] = [openIdxFolder(folder, "train"), openIdxFolder(folder, "t10k")];
  const longest = [train, test].reduce((a, b) => (b.classNames.length > a.classNames.length ? b : a));
  const asItStands = { kind: "images", channels: 1, scale: { mean: [0], stddev: [1] } };
  const contract = fitImages(imagesContractSchema.parse({ ...asItStands, classes: longest.classNames }), train);
  return { train: readImages(contract, train), test: readImages(contract, test) };
}

/** The test part that comes with an `idx:` folder; undefined for sources that have none. */
export async function loadTestPart(text: string, contract: DataContract): Promise<Dataset | undefined> {
  const [, folder] = /^idx:(.+)$/s.exec(text) ?? [];
  if (folder === undefined || contract.kind !== "images") return undefined;
  return readImages(fittedImages(contract), openIdxFolder(folder, "t10k"));
}
