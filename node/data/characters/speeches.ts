import { badData, quoted } from "../fault.ts";
import { readLines } from "../files/textFile.ts";

/** A line of somebody's text. */
export interface SpokenLine {
  readonly row: number;
  readonly text: string;
  /** 0 …, in the order in which they first speak; 0 throughout where there are no speakers. */
  readonly speaker: number;
}

/**
 * The lines of a text; of a play, those that are spoken.
 * @throws PacelineError `not-found`, or `bad-input` naming file and row
 */
export async function* readSpokenLines(file: string, speakers: boolean): AsyncGenerator<SpokenLine, void> {
  if (!speakers) for await (const { row, text } of readLines(file)) yield { row, text, speaker: 0 };
  else yield* readPlay(file);
}

async function* readPlay(file: string): AsyncGenerator<SpokenLine, void> {
  const numbers = new Map<string, number>();
  let speaker: number | undefined;
  for await (const { row, text } of readLines(file)) {
    if (text.trim() === "") speaker = undefined;
    else if (speaker !== undefined) yield { row, text, speaker };
    else {
      const name = speakerOf(text, file, row);
      speaker = numbers.get(name) ?? numbers.size;
      numbers.set(name, speaker);
    }
  }
}

function speakerOf(text: string, file: string, row: number): string {
  const name = /^(.+):$/.exec(text.trim())?.[1];
  if (name !== undefined) return name;
  throw badData({ file, row }, `a speech begins with a line such as "SPEAKER:", not with ${quoted(text)}`);
}
