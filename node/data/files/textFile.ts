import { createReadStream } from "node:fs";
import { pipeline, type Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { messageOf } from "../../core/errors.ts";
import { badData } from "../fault.ts";
import { fileBytes } from "./wholeFile.ts";

/** Longest line, in UTF-16 units: a file that is no text must not fill the memory in search of a line's end. */
const MAX_LINE = 2 ** 24;

export interface Line {
  /** From 1. */
  readonly row: number;
  /** Without the line's end, LF or CRLF. */
  readonly text: string;
}

/**
 * A UTF-8 text file in pieces, unpacked where its name ends in `.gz`, without its byte-order mark.
 * @throws PacelineError `not-found`, or `bad-input` where it is not UTF-8, or its gzip stream is damaged
 */
export async function* readText(file: string): AsyncGenerator<string, void> {
  fileBytes(file);
  try {
    yield* decode(openStream(file), true);
  } catch (error) {
    if (!(error instanceof TypeError)) throw badData({ file }, `it cannot be read: ${messageOf(error)}`, error);
    const row = await firstUndecodable(file);
    throw badData({ file, row }, "the text is not UTF-8; save the file in that encoding", error);
  }
}

/** Lines of a text file; empty ones too, but none behind the last line's end. Throws what `readText` throws. */
export function readLines(file: string): AsyncGenerator<Line, void> {
  return splitLines(file, readText(file));
}

function openStream(file: string): Readable {
  const bytes = createReadStream(file, { highWaterMark: 2 ** 18 });
  if (!file.endsWith(".gz")) return bytes;
  // the pipeline destroys both ends and hands errors to whoever reads; there is nothing left to do in its callback
  return pipeline(bytes, createGunzip({ chunkSize: 2 ** 18 }), () => undefined);
}

/** Throws TypeError for bytes that are not UTF-8 if `fatal`, else puts U+FFFD in their place. */
async function* decode(bytes: Readable, fatal: boolean): AsyncGenerator<string, void> {
  const decoder = new TextDecoder("utf-8", { fatal });
  for await (const chunk of bytes) yield decoder.decode(chunk as Buffer, { stream: true });
  yield decoder.decode();
}

async function* splitLines(file: string, chunks: AsyncIterable<string>): AsyncGenerator<Line, void> {
  let row = 0;
  let rest = "";
  for await (const chunk of chunks) {
    const parts = (rest + chunk).split("\n");
    rest = parts.pop() as string;
    for (const part of parts) yield { row: ++row, text: part.endsWith("\r") ? part.slice(0, -1) : part };
    if (rest.length > MAX_LINE)
      throw badData({ file, row: row + 1 }, `the line is longer than ${MAX_LINE} characters; is this a text file?`);
  }
  if (rest !== "") yield { row: row + 1, text: rest };
}

/** Looked for when it is known to be there: counting lines all the time would cost more than it gives. */
async function firstUndecodable(file: string): Promise<number> {
  for await (const { row, text } of splitLines(file, decode(openStream(file), false))) {
    if (text.includes("\ufffd")) return row;
  }
  return 1;
}
