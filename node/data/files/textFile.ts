import { createReadStream } from "node:fs";
import { pipeline, type Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { PacelineError, messageOf } from "../../core/errors.ts";
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
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const decode = (chunk?: Buffer): string => {
    try {
      return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
    } catch (error) {
      throw badData({ file }, "it is not UTF-8 text; save it in that encoding", error);
    }
  };
  try {
    for await (const chunk of openStream(file)) {
      const text = decode(chunk as Buffer);
      if (text !== "") yield text;
    }
    const rest = decode();
    if (rest !== "") yield rest;
  } catch (error) {
    if (error instanceof PacelineError) throw error;
    throw badData({ file }, `it cannot be read: ${messageOf(error)}`, error);
  }
}

function openStream(file: string): Readable {
  const bytes = createReadStream(file, { highWaterMark: 2 ** 18 });
  if (!file.endsWith(".gz")) return bytes;
  // the pipeline destroys both ends and hands errors to whoever reads; there is nothing left to do in its callback
  return pipeline(bytes, createGunzip({ chunkSize: 2 ** 18 }), () => undefined);
}

/** Lines of a text file; empty ones too, but none behind the last line's end. Throws what `readText` throws. */
export async function* readLines(file: string): AsyncGenerator<Line, void> {
  let row = 0;
  let rest = "";
  for await (const chunk of readText(file)) {
    const parts = (rest + chunk).split("\n");
    rest = parts.pop() as string;
    for (const part of parts) yield { row: ++row, text: part.endsWith("\r") ? part.slice(0, -1) : part };
    if (rest.length > MAX_LINE)
      throw badData({ file, row: row + 1 }, `the line is longer than ${MAX_LINE} characters; is this a text file?`);
  }
  if (rest !== "") yield { row: row + 1, text: rest };
}
