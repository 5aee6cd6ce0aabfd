import { MAX_TAGS, type TagsContract, tagsShape } from "../contract/tags.ts";
import type { DataSource } from "../dataSource.ts";
import type { Dataset } from "../dataset.ts";
import { badData, quoted } from "../fault.ts";
import { growingInts } from "../growing.ts";
import { requireSeveralClasses } from "../oneClass.ts";
import { sortedCategories } from "../table/cells.ts";
import { categoryReader } from "../table/features.ts";
import { readSentences } from "./conll.ts";
import { wordHasher } from "./features.ts";
import { laySequences, layWindows } from "./layouts.ts";

/**
 * Words or sentences as numbers of hashed features; what comes from one sentence is a group.
 * @param contract fitted
 * @throws PacelineError `not-found`, or `bad-input` naming file, row and column
 */
export async function loadTags({ path: file }: DataSource, contract: TagsContract): Promise<Dataset> {
  const { inputs, targets, classes } = tagsShape(contract);
  const examples = { inputs: growingInts(file), targets: growingInts(file) };
  const groups = growingInts(file);
  const hash = wordHasher(contract.features, contract.buckets);
  const readTag = categoryReader(tagColumn(contract), contract.tags ?? [], file);
  const lay = contract.form === "window" ? layWindows : laySequences;
  let sentences = 0;
  for await (const { row, words, tags } of readSentences(file, contract)) {
    const hashed = { words: words.map(hash), classes: tags.map((tag, i) => readTag(tag, row + i)) };
    for (let left = lay(hashed, contract, examples); left > 0; left--) groups.push(sentences);
    sentences++;
  }
  const values = examples.targets.take();
  requireSeveralClasses(file, values, contract.tags ?? []);
  return {
    count: groups.length,
    inputs: inputs.map(({ shape }) => ({ shape, values: examples.inputs.take() })),
    targets: { shape: targets.shape, values },
    classes,
    groups: groups.take(),
  };
}

/** Fills in the tags that the sample has. Throws what `loadTags` throws. */
export async function fitTags({ path: file }: DataSource, contract: TagsContract): Promise<TagsContract> {
  if (contract.tags !== undefined) return contract;
  const names = new Set<string>();
  for await (const { row, tags } of readSentences(file, contract)) {
    for (const tag of tags) names.add(tag);
    if (names.size > MAX_TAGS)
      throw badData({ file, row, column: tagColumn(contract) }, `more than ${MAX_TAGS} different tags`);
  }
  const tags = sortedCategories(names);
  if (tags.length < 2) throw badData({ file }, `every word has the tag ${quoted(tags[0])}; is it in another column?`);
  return { ...contract, tags };
}

function tagColumn({ tagColumn: column }: TagsContract): string {
  return column === undefined ? "tag" : `${column}`;
}
