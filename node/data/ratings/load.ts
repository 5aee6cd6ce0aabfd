import { MAX_NAMES, missingInRatings, type RatingsContract, ratingsShape } from "../contract/ratings.ts";
import { rowOptions } from "../contract/rowFields.ts";
import type { DataSource } from "../dataSource.ts";
import type { Dataset } from "../dataset.ts";
import { badData, quoted } from "../fault.ts";
import { growingFloats, growingInts } from "../growing.ts";
import { Moments } from "../moments.ts";
import { readRows } from "../rows.ts";
import type { Cell } from "../rows/row.ts";
import { toNumber } from "../table/cells.ts";
import { fitNaming, nameOf, nameReader } from "./naming.ts";

/**
 * Ratings as pairs of numbers, int32 [2], with the rating's distance from the mean; a user's ratings are a group.
 * @param contract fitted
 * @throws PacelineError `not-found`, or `bad-input` naming file, row and column
 */
export async function loadRatings(source: DataSource, contract: RatingsContract): Promise<Dataset> {
  const { path: file } = source;
  const { mean = 0 } = contract;
  const [pairs, users, ratings] = [growingInts(file), growingInts(file), growingFloats(file)];
  const readUser = nameReader(contract.users, contract.userColumn, file);
  const readItem = nameReader(contract.items, contract.itemColumn, file);
  for await (const { row, user, item, rating } of readTriples(source, contract)) {
    const number = readUser(user, row);
    users.push(number);
    pairs.push(number);
    pairs.push(readItem(item, row));
    ratings.push(rating - mean);
  }
  const { inputs, targets, classes } = ratingsShape();
  return {
    count: users.length,
    inputs: inputs.map(({ shape }) => ({ shape, values: pairs.take() })),
    targets: { shape: targets.shape, values: ratings.take() },
    classes,
    groups: users.take(),
  };
}

/** Fills in who and what there is in the sample, and the mean of its ratings. Throws what `loadRatings` throws. */
export async function fitRatings(source: DataSource, contract: RatingsContract): Promise<RatingsContract> {
  if (missingInRatings(contract).length === 0) return contract;
  const [users, items] = [new Set<string>(), new Set<string>()];
  const ratings = new Moments();
  for await (const { row, user, item, rating } of readTriples(source, contract)) {
    users.add(nameOf(user, contract.userColumn, source.path, row));
    items.add(nameOf(item, contract.itemColumn, source.path, row));
    if (Math.max(users.size, items.size) > MAX_NAMES)
      throw badData({ file: source.path, row }, `more than ${MAX_NAMES} users or items; give buckets in the contract`);
    ratings.add(rating);
  }
  return {
    ...contract,
    users: contract.users ?? fitNaming(users),
    items: contract.items ?? fitNaming(items),
    mean: contract.mean ?? ratings.mean,
  };
}

interface Triple {
  readonly row: number;
  readonly user: Cell;
  readonly item: Cell;
  readonly rating: number;
}

async function* readTriples(source: DataSource, contract: RatingsContract): AsyncGenerator<Triple, void> {
  const { userColumn, itemColumn, ratingColumn } = contract;
  for await (const { row, cells } of readRows(source, rowOptions(contract, [userColumn, itemColumn, ratingColumn]))) {
    const [user = null, item = null, cell = null] = cells;
    yield { row, user, item, rating: readRating(cell, contract, source.path, row) };
  }
}

function readRating(cell: Cell, { ratingColumn, scale }: RatingsContract, file: string, row: number): number {
  const rating = toNumber(cell);
  const place = { file, row, column: ratingColumn };
  if (rating === undefined) throw badData(place, `${quoted(cell ?? "")} is not a number`);
  if (rating >= scale.minimum && rating <= scale.maximum) return rating;
  throw badData(place, `${rating} is outside the scale, ${scale.minimum} to ${scale.maximum}`);
}
