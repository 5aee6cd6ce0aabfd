import type { JobEvent } from "../chain/memory/eventLog.ts";

/** Where two logs part. */
export interface EventMismatch {
  /** Undefined where the chain said less. */
  readonly chain: JobEvent | undefined;
  /** Undefined where the chain said more. */
  readonly replay: JobEvent | undefined;
  /** Into the arguments of events of one name; empty where the events themselves differ. */
  readonly path: readonly (string | number)[];
}

/** The first difference between what a transaction said on the chain and in the replay. */
export function firstMismatch(chain: readonly JobEvent[], replay: readonly JobEvent[]): EventMismatch | undefined {
  for (let index = 0; index < Math.max(chain.length, replay.length); index++) {
    const [said, expected] = [chain[index], replay[index]];
    if (said === undefined || expected === undefined || said.name !== expected.name)
      return { chain: said, replay: expected, path: [] };
    const path = pathOfDifference(said.args, expected.args);
    if (path !== undefined) return { chain: said, replay: expected, path };
  }
  return undefined;
}

/** @param replay its fields are compared; the treasury's events on the chain name the job as well */
function pathOfDifference(chain: unknown, replay: unknown): (string | number)[] | undefined {
  if (Array.isArray(replay)) {
    if (!Array.isArray(chain)) return [];
    for (const [index, value] of replay.entries()) {
      const path = index < chain.length ? pathOfDifference(chain[index], value) : [];
      if (path !== undefined) return [index, ...path];
    }
    return chain.length > replay.length ? [replay.length] : undefined;
  }
  if (typeof replay === "object" && replay !== null) {
    for (const [key, value] of Object.entries(replay)) {
      const path = pathOfDifference((chain as Readonly<Record<string, unknown>> | undefined)?.[key], value);
      if (path !== undefined) return [key, ...path];
    }
    return undefined;
  }
  return plain(chain) === plain(replay) ? undefined : [];
}

/** What stands at a path of an event's arguments. */
export function valueAt(args: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (value as Readonly<Record<string | number, unknown>> | undefined)?.[key],
    args,
  );
}

/** Numbers, bigints, addresses and bytes as text, the same for the same value. */
export function plain(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "object" && value !== null)
    return JSON.stringify(value, (_, each: unknown) =>
      typeof each === "bigint" ? each.toString() : each,
    ).toLowerCase();
  return String(value as string | number | bigint | boolean).toLowerCase();
}
