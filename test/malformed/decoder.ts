import type { ErrorCode } from "../../node/core/errors.ts";

/** How a decoder's inputs are written, which is how they are changed. */
export type Form = "bytes" | "json" | "text";

/** Anything that reads what somebody else, or a failing disk, may have written. */
export interface Decoder {
  readonly name: string;
  readonly form: Form;
  /** What is really written, and taken. */
  readonly samples: () => readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
  /** Whether the input was taken; rejects or throws as the decoder does. */
  readonly feed: (input: Uint8Array) => boolean | Promise<boolean>;
  /** Codes of the PacelineErrors that it documents; none where it never throws. */
  readonly codes?: readonly ErrorCode[];
  /** Whether an error that is not Paceline's is one that it documents. */
  readonly documents?: (error: unknown) => boolean;
  /** Lets go of what feeding has opened. */
  readonly close?: () => void | Promise<void>;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export const bytesOf = (text: string): Uint8Array => encoder.encode(text);
export const textOf = (bytes: Uint8Array): string => decoder.decode(bytes);
export const jsonBytes = (value: unknown): Uint8Array => bytesOf(JSON.stringify(value));

/** What the input says as JSON; the text itself where it is none, so that readers of values see those as well. */
export function valueOf(input: Uint8Array): unknown {
  const text = textOf(input);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
