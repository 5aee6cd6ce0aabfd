import type { Random } from "../../node/core/random.ts";
import { bytesOf, textOf, type Form } from "./decoder.ts";
import { changedJson } from "./mutateJson.ts";

/** Inputs that somebody might send in place of the right ones: most of them nearly right, so that they get far. */

const MAX_RANDOM_BYTES = 600;
/** What a length, a count or an offset may be that its reader did not think of; big-endian, as all of ours are. */
const LENGTHS: readonly (readonly number[])[] = [
  [0xff],
  [0x80],
  [0xff, 0xff],
  [0x7f, 0xff, 0xff, 0xff],
  [0x80, 0, 0, 0],
  [0xff, 0xff, 0xff, 0xfe],
  [0xff, 0xff, 0xff, 0xff],
  [0, 0, 0, 0],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  // A protobuf's varint that does not end, and one of 2^63.
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01],
];
const TOKENS = [
  "0x",
  "-1",
  "1e999",
  "null",
  "/",
  ":",
  ",",
  ".",
  "\u0000",
  "\u202e",
  "𝟙",
  "%00",
  "'",
  '"',
  "\n",
  "[".repeat(40),
];

type Change = (input: Uint8Array, random: Random, samples: readonly Uint8Array[]) => Uint8Array;

const pick = <T>(list: readonly T[], random: Random): T => list[random.below(list.length)] as T;
const join = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));
const place = ({ length }: Uint8Array, random: Random): number => random.below(length + 1);

export function randomBytes(length: number, random: Random): Uint8Array {
  return Uint8Array.from({ length }, () => random.uint32() & 255);
}

function slice(input: Uint8Array, random: Random): readonly [start: number, end: number] {
  const ends = [place(input, random), place(input, random)] as const;
  return [Math.min(...ends), Math.max(...ends)];
}

function overwritten(input: Uint8Array, at: number, bytes: ArrayLike<number>): Uint8Array {
  const copy = input.slice();
  copy.set(Array.from(bytes).slice(0, Math.max(0, copy.length - at)), Math.min(at, copy.length));
  return copy;
}

const CHANGES: readonly Change[] = [
  // Cut short, drawn out.
  (input, random) => input.subarray(0, place(input, random)),
  (input, random) => join(input, randomBytes(1 + random.below(40), random)),
  (input, random) => join(input, new Uint8Array(1 + random.below(4_000))),
  // Some bits, some bytes.
  (input, random) => {
    const copy = input.slice();
    for (let i = random.below(8); i >= 0; i--) copy[random.below(copy.length || 1)]! ^= 1 << random.below(8);
    return copy;
  },
  (input, random) => overwritten(input, place(input, random), randomBytes(1 + random.below(8), random)),
  (input, random) => overwritten(input, place(input, random), pick(LENGTHS, random)),
  // Near the beginning, where heads are.
  (input, random) => overwritten(input, random.below(24), pick(LENGTHS, random)),
  // A piece left out, said twice or a hundred times, or of another one.
  (input, random) => {
    const [start, end] = slice(input, random);
    return join(input.subarray(0, start), input.subarray(end));
  },
  (input, random) => {
    const [start, end] = slice(input, random);
    return join(input.subarray(0, end), input.subarray(start));
  },
  (input, random) => {
    const at = place(input, random);
    const piece = input.subarray(at, at + 1 + random.below(16));
    const copies = Array.from({ length: 100 }, () => piece);
    return join(input.subarray(0, at), ...copies, input.subarray(at));
  },
  (input, random, samples) => {
    const other = pick(samples, random);
    return join(input.subarray(0, place(input, random)), other.subarray(place(other, random)));
  },
  (input, random, samples) => join(input, pick(samples, random)),
];

const insertToken: Change = (input, random) => {
  const at = place(input, random);
  return join(input.subarray(0, at), bytesOf(pick(TOKENS, random)), input.subarray(at));
};

/** One malformed input, most of the time; now and then a change leaves what is well formed. */
export function malformed(form: Form, samples: readonly Uint8Array[], random: Random): Uint8Array {
  if (random.below(20) === 0) return randomBytes(random.below(MAX_RANDOM_BYTES), random);
  let input = pick(samples, random);
  if (form === "json" && random.below(3) > 0) {
    input = bytesOf(changedJson(textOf(input), random));
    if (random.below(4) > 0) return input;
  }
  const changes = form === "bytes" ? CHANGES : [...CHANGES, insertToken, insertToken];
  for (let i = random.below(3); i >= 0; i--) input = pick(changes, random)(input, random, samples);
  return input;
}
