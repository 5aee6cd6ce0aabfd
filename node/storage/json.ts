import { PacelineError } from "../core/errors.ts";

/**
 * JSON that comes back as it went in, or is refused. Plain `JSON.stringify` turns NaN into null and a Uint8Array into an object, and
 * drops functions: a record that changes on its way to the disk is worse than an error. A bigint is refused as well:
 * the caller writes `String(value)` and knows that it did.
 * @throws PacelineError `bad-argument`, naming the path of the value
 */
export function encodeJson(value: unknown): string {
  check(value, "value", new Set());
  return JSON.stringify(value);
}

function check(value: unknown, path: string, above: Set<object>): void {
  if (value === null || typeof value === "string" || typeof value === "boolean") return;
  if (typeof value === "number" && Number.isFinite(value) && !Object.is(value, -0)) return;
  if (typeof value !== "object") throw refused(value, path);
  if (above.has(value)) throw new PacelineError("bad-argument", `${path} contains itself and cannot be stored`);
  above.add(value);
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) check(value[i], `${path}[${i}]`, above);
  } else {
    checkFields(value, path, above);
  }
  above.delete(value);
}

function checkFields(value: object, path: string, above: Set<object>): void {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw refused(value, path);
  for (const [name, field] of Object.entries(value)) {
    // A field that is undefined reads back as undefined, whether or not it was written.
    if (field !== undefined) check(field, `${path}.${name}`, above);
  }
}

function refused(value: unknown, path: string): PacelineError {
  const kind =
    typeof value === "object"
      ? (value?.constructor.name ?? "object")
      : typeof value === "number"
        ? String(value)
        : typeof value;
  const hint = typeof value === "bigint" ? "; store String(value)" : "";
  return new PacelineError(
    "bad-argument",
    `${path} is ${Object.is(value, -0) ? "-0" : kind}, which JSON cannot hold${hint}`,
    { path },
  );
}
