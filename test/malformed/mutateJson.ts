import type { Random } from "../../node/core/random.ts";

/** Changes to what JSON says, where changed bytes would mostly only break its syntax. */

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

const ODD: readonly Json[] = [
  null,
  true,
  "",
  " ",
  "0x",
  "0xzz",
  `0x${"ff".repeat(32)}`,
  `0x${"00".repeat(20)}`,
  `0x${"f".repeat(65)}`,
  "-0x1",
  "1e999",
  "\u0000",
  "\ud800",
  "../../../etc/passwd",
  "a".repeat(5_000),
  0,
  -1,
  0.5,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  1e308,
  -1e-320,
  [],
  {},
  [[[[[[]]]]]],
  { version: 3 },
];
const NAMES = ["__proto__", "constructor", "toString", "length", "", "type", "version", "then"];

const isObject = (value: Json): value is { [name: string]: Json } =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const pick = <T>(list: readonly T[], random: Random): T => list[random.below(list.length)] as T;

/** A copy: it may be changed again. */
const oddOf = (random: Random): Json => structuredClone(pick(ODD, random));

/** All values inside, with where they are: `[holder, key]`. */
function placesIn(value: Json, found: (readonly [Json, string])[] = []): (readonly [Json, string])[] {
  if (typeof value !== "object" || value === null) return found;
  for (const [key, inner] of Object.entries(value)) {
    found.push([value, key]);
    placesIn(inner, found);
  }
  return found;
}

function near(value: Json, random: Random): Json {
  if (typeof value === "number")
    return pick([value + 1, value - 1, -value, value + 0.5, value * 2 ** 32, String(value)], random);
  if (typeof value === "string") {
    const at = random.below(value.length + 1);
    const other = String.fromCharCode(random.below(128));
    return pick(
      [
        value.slice(0, at),
        value.slice(at),
        value + value,
        value.slice(0, at) + other + value.slice(at + 1),
        value.toUpperCase(),
        [value],
      ],
      random,
    );
  }
  if (Array.isArray(value))
    return pick([value.slice(1), [...value, ...value], Array.from({ length: 1_000 }, () => value[0] ?? 0)], random);
  return oddOf(random);
}

function change(root: Json, random: Random): void {
  const places = placesIn(root);
  if (places.length === 0) return;
  const [holder, key] = pick(places, random);
  const inside = holder as Record<string, Json>;
  const [otherHolder, otherKey] = pick(places, random);
  switch (random.below(6)) {
    case 0:
      inside[key] = oddOf(random);
      return;
    case 1:
    case 2:
      inside[key] = near(inside[key] as Json, random);
      return;
    case 3:
      Reflect.deleteProperty(inside, key);
      return;
    case 4:
      inside[key] = structuredClone((otherHolder as Record<string, Json>)[otherKey] ?? null);
      return;
    default:
      // As JSON.parse has it: an own property, whatever its name.
      if (isObject(holder))
        Object.defineProperty(holder, pick(NAMES, random), {
          value: oddOf(random),
          enumerable: true,
          configurable: true,
          writable: true,
        });
  }
}

/** @param text JSON */
export function changedJson(text: string, random: Random): string {
  if (random.below(60) === 0) return "[".repeat(20_000);
  if (random.below(60) === 0) return JSON.stringify(oddOf(random));
  const value = JSON.parse(text) as Json;
  for (let i = random.below(3); i >= 0; i--) change(value, random);
  const changed = JSON.stringify(value);
  // A field that is said twice: the last one counts, and every reader must take the same one.
  return random.below(10) === 0 ? changed.replace(/^\{("[^"]*":)/, "{$1null,$1") : changed;
}
