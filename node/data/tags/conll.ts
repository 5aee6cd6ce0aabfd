import { badData } from "../fault.ts";
import { readLines } from "../files/textFile.ts";

/** Longest sentence: a file without blank lines must not become a single one. */
const MAX_WORDS = 100_000;

export interface TaggedSentence {
  /** The line of its first word; the others follow. */
  readonly row: number;
  readonly words: readonly string[];
  readonly tags: readonly string[];
}

export interface ConllColumns {
  /** From 1. */
  readonly wordColumn: number;
  /** From 1; the last one where undefined. */
  readonly tagColumn?: number | undefined;
}

/**
 * The format of the CoNLL shared tasks (Tjong Kim Sang and De Meulder, 2003): a word a line with its tag, in columns that tabs separate, or
 * blanks where there is no tab; a blank line ends a sentence. `-DOCSTART-` lines end one too.
 * @throws PacelineError `not-found`, or `bad-input` naming file, row and column
 */
export async function* readSentences(file: string, columns: ConllColumns): AsyncGenerator<TaggedSentence, void> {
  let sentence: { row: number; words: string[]; tags: string[] } | undefined;
  let isEmpty = true;
  for await (const { row, text } of readLines(file)) {
    const fields = fieldsOf(text);
    if (fields.length === 0) {
      if (sentence !== undefined) yield sentence;
      sentence = undefined;
      continue;
    }
    isEmpty = false;
    sentence ??= { row, words: [], tags: [] };
    sentence.words.push(field(fields, columns.wordColumn, file, row));
    sentence.tags.push(field(fields, columns.tagColumn ?? Math.max(2, fields.length), file, row));
    if (sentence.words.length > MAX_WORDS)
      throw badData({ file, row }, `a sentence of more than ${MAX_WORDS} words; a blank line ends a sentence`);
  }
  if (sentence !== undefined) yield sentence;
  if (isEmpty) throw badData({ file }, "there are no sentences in it");
}

/** None where the line is blank or begins a document. */
function fieldsOf(text: string): readonly string[] {
  const line = text.trimEnd();
  if (line === "" || line.startsWith("-DOCSTART-")) return [];
  return line.includes("\t") ? line.split("\t").map((part) => part.trim()) : line.trim().split(/ +/);
}

function field(fields: readonly string[], column: number, file: string, row: number): string {
  const value = fields[column - 1];
  if (value !== undefined && value !== "") return value;
  throw badData({ file, row, column: `${column}` }, `it is missing: a line has a word and its tag, with a tab between`);
}
