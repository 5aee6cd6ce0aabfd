import { PacelineError } from "../core/errors.ts";

/** Where in a user's data something is wrong. */
export interface Place {
  readonly file: string;
  /** A line of a text file, or a record of a binary one; from 1, a header included. */
  readonly row?: number;
  /** A column's name, or its number from 1. */
  readonly column?: string;
}

/** A fault of a user's data; the message names the place first. */
export function badData(place: Place, what: string, cause?: unknown): PacelineError {
  const within = [
    ...(place.row === undefined ? [] : [`row ${place.row}`]),
    ...(place.column === undefined ? [] : [`column ${place.column}`]),
  ].join(", ");
  return new PacelineError("bad-input", [place.file, within, what].filter(Boolean).join(": "), { ...place }, cause);
}

/** A value as it may stand in a message: quoted, and cut where it is long. */
export function quoted(value: unknown): string {
  const text = typeof value === "string" ? value : String(value);
  return `"${text.length > 40 ? `${text.slice(0, 40)}…` : text}"`;
}

/** A list as it may stand in a message: cut where it is long. */
export function listed(values: readonly string[], most = 12): string {
  return values.length > most ? `${values.slice(0, most).join(", ")} … (${values.length})` : values.join(", ");
}
