import { setFlagsFromString } from "node:v8";
import { setImmediate } from "node:timers/promises";
import { runInNewContext } from "node:vm";
import { PacelineError } from "../../node/core/errors.ts";
import { seededRandom } from "../../node/core/random.ts";
import type { Decoder } from "./decoder.ts";
import { malformed } from "./mutate.ts";

/** What became of the inputs that a decoder was fed. */
export interface Fed {
  /** Samples that were not taken, by their place. */
  readonly refusedSamples: readonly number[];
  readonly taken: number;
  /** Errors that it does not document, and rejections that nobody handled; a few of them, with their inputs. */
  readonly wrong: readonly string[];
  /** Bytes that the later inputs left behind: the first ones fill caches that are bounded. */
  readonly grown: number;
}

/** Of so many inputs the first ones are not counted for memory. */
const WARM_UP = 0.3;
const BREATHER = 250;
const SHOWN = 3;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

async function used(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    await setImmediate();
    collect();
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

export async function feedMalformed(decoder: Decoder, inputs: number, seed: number): Promise<Fed> {
  const random = seededRandom(seed);
  const wrong: string[] = [];
  const note = (what: string): void => void (wrong.length < SHOWN && wrong.push(what));
  const onUnhandled = (reason: unknown): void => note(`unhandled: ${described(reason)}`);
  process.on("unhandledRejection", onUnhandled);
  try {
    // Copies, and no Buffers, whose slices are not.
    const samples = (await decoder.samples()).map((sample) => new Uint8Array(sample));
    const refusedSamples: number[] = [];
    for (const [index, sample] of samples.entries()) if (!(await decoder.feed(sample))) refusedSamples.push(index);
    let taken = 0;
    let warm = 0;
    for (let i = 0; i < inputs; i++) {
      if (i === Math.floor(inputs * WARM_UP)) warm = await used();
      if (i % BREATHER === 0) await setImmediate();
      const input = malformed(decoder.form, samples, random);
      try {
        const answer = decoder.feed(input);
        if (typeof answer === "boolean" ? answer : await answer) taken++;
      } catch (error) {
        if (!isDocumented(decoder, error)) note(`${described(error)} for ${shown(input)}`);
      }
    }
    const grown = (await used()) - warm;
    return { refusedSamples, taken, wrong, grown };
  } finally {
    process.off("unhandledRejection", onUnhandled);
    await decoder.close?.();
  }
}

function isDocumented({ codes = [], documents = () => false }: Decoder, error: unknown): boolean {
  return error instanceof PacelineError ? codes.includes(error.code) : documents(error);
}

function described(error: unknown): string {
  if (error instanceof PacelineError) return `${error.code}: ${error.message.slice(0, 200)}`;
  return error instanceof Error ? (error.stack ?? String(error)).slice(0, 800) : String(error);
}

function shown(input: Uint8Array): string {
  return JSON.stringify(Buffer.from(input.subarray(0, 400)).toString("latin1"));
}
