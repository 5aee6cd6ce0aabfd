import type { DatabaseSync } from "node:sqlite";
import { PacelineError } from "../core/errors.ts";

/** The steps that lead from each version of the schema (`PRAGMA user_version`) to the next; never changed, only added to. */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE records (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (kind, key)
  ) STRICT, WITHOUT ROWID;`,
  `CREATE TABLE blobs (
    root TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    round INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    whole INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE blob_nodes (
    root TEXT NOT NULL,
    leaf_bytes INTEGER NOT NULL,
    nodes BLOB NOT NULL,
    PRIMARY KEY (root, leaf_bytes)
  ) STRICT, WITHOUT ROWID;`,
];

export const SCHEMA_VERSION = MIGRATIONS.length;

/** Of an empty database 0. */
export function schemaVersion(database: DatabaseSync): number {
  return Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
}

/**
 * Brings the database to today's schema, in one transaction.
 * @returns the version that it had
 * @throws PacelineError `unsupported` for a newer version's file
 */
export function migrate(database: DatabaseSync, path: string): number {
  const version = schemaVersion(database);
  if (version > SCHEMA_VERSION) {
    throw new PacelineError(
      "unsupported",
      `${path} has schema version ${version}, this program knows ${SCHEMA_VERSION}: update Paceline`,
    );
  }
  if (version < SCHEMA_VERSION) {
    const steps = MIGRATIONS.slice(version).join("\n");
    database.exec(`BEGIN IMMEDIATE; ${steps} PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT;`);
  }
  return version;
}
