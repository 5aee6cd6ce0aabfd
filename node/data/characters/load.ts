import { type CharactersContract, charactersShape, MAX_VOCABULARY } from "../contract/characters.ts";
import type { DataSource } from "../dataSource.ts";
import type { Dataset } from "../dataset.ts";
import { badData } from "../fault.ts";
import { growingInts } from "../growing.ts";
import { readSpokenLines } from "./speeches.ts";
import { TextCutter } from "./windows.ts";

/**
 * Stretches of text, int32 [length], with the character behind each. Every line ends in one \n, whatever the file has; a stretch goes on from
 * one speech of a speaker to the next.
 * @param contract fitted
 * @throws PacelineError `not-found`, or `bad-input` naming file, row and column
 */
export async function loadCharacters({ path: file }: DataSource, contract: CharactersContract): Promise<Dataset> {
  const { inputs, targets, classes } = charactersShape(contract);
  const windows = { inputs: growingInts(file), targets: growingInts(file), groups: growingInts(file) };
  const numbers = new Map(Array.from(contract.vocabulary ?? "", (character, i) => [character, i]));
  const cutters = new Map<number, TextCutter>();
  for await (const { row, text, speaker } of readSpokenLines(file, contract.speakers)) {
    const cutter = cutters.get(speaker) ?? new TextCutter(speaker, contract, windows);
    cutters.set(speaker, cutter);
    let column = 0;
    for (const character of `${text}\n`) {
      column++;
      const number = numbers.get(character);
      if (number !== undefined) cutter.push(number);
      else if (contract.unknown === "reject")
        throw badData({ file, row, column: `${column}` }, `the vocabulary does not have ${named(character)}`);
    }
  }
  for (const cutter of cutters.values()) cutter.end();
  if (windows.groups.length === 0) throw badData({ file }, "there are less than two characters in it");
  return {
    count: windows.groups.length,
    inputs: inputs.map(({ shape }) => ({ shape, values: windows.inputs.take() })),
    targets: { shape: targets.shape, values: windows.targets.take() },
    classes,
    ...(contract.speakers ? { groups: windows.groups.take() } : {}),
  };
}

/** Fills in the characters that the sample has, by code point. Throws what `loadCharacters` throws. */
export async function fitCharacters(
  { path: file }: DataSource,
  contract: CharactersContract,
): Promise<CharactersContract> {
  if (contract.vocabulary !== undefined) return contract;
  const characters = new Set("\n");
  for await (const { row, text } of readSpokenLines(file, contract.speakers)) {
    for (const character of text) characters.add(character);
    if (characters.size > MAX_VOCABULARY)
      throw badData({ file, row }, `more than ${MAX_VOCABULARY} different characters; is this the right file?`);
  }
  if (characters.size < 2) throw badData({ file }, "there is no text in it");
  const points = Int32Array.from(characters, (character) => character.codePointAt(0) as number).sort();
  return { ...contract, vocabulary: String.fromCodePoint(...points) };
}

function named(character: string): string {
  const point = (character.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, "0");
  return `${JSON.stringify(character)} (U+${point})`;
}
