import type { z } from "zod";
import { PacelineError } from "../../core/errors.ts";
import type { Storage } from "../../storage/storage.ts";

/**
 * A record as its schema reads it, undefined where there is none.
 * @throws PacelineError `storage-failed` where it is damaged: what a daemon has promised is never guessed
 */
export function readRecord<T>(storage: Storage, kind: string, key: string, schema: z.ZodType<T>): T | undefined {
  const record = storage.get(kind, key);
  return record === undefined ? undefined : parseRecord(kind, key, record, schema);
}

/**
 * A record that was read already.
 * @throws PacelineError `storage-failed` where it is damaged
 */
export function parseRecord<T>(kind: string, key: string, record: unknown, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(record);
  if (parsed.success) return parsed.data;
  const message = `the record ${kind} ${key} of this home is damaged: restore the home from a copy`;
  throw new PacelineError("storage-failed", message, { kind, key });
}
