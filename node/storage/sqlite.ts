import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { PacelineError } from "../core/errors.ts";
import { BlobFolder } from "./blobFolder.ts";
import { onDisk } from "./diskError.ts";
import { encodeJson } from "./json.ts";
import type { Storage } from "./storage.ts";
import { nestedTransaction, requireSynchronous } from "./transaction.ts";

/** Written to `PRAGMA user_version`; raise it with each change of the schema, and add the migration. */
const SCHEMA_VERSION = 1;

const SCHEMA = `
  CREATE TABLE records (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (kind, key)
  ) STRICT, WITHOUT ROWID;
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

/**
 * Opens or creates `state.sqlite` and `blobs/` in a folder. One process at a time.
 * @throws PacelineError `storage-failed` where the disk does not permit it, `unsupported` for a newer version's file
 */
export async function openStorage(folder: string): Promise<Storage> {
  const path = join(folder, "state.sqlite");
  const database = onDisk(path, () => openDatabase(folder, path));
  const blobs = new BlobFolder(join(folder, "blobs"));
  await blobs.sweep();
  return storageOver(database, blobs, path);
}

function openDatabase(folder: string, path: string): DatabaseSync {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const database = new DatabaseSync(path);
  try {
    // FULL: in WAL mode only this syncs the log at each commit, which is what "durable when put returns" means.
    database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    migrate(database, path);
  } catch (error) {
    database.close();
    throw error;
  }
  return database;
}

function migrate(database: DatabaseSync, path: string): void {
  const version = Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
  if (version === SCHEMA_VERSION) return;
  if (version !== 0) {
    throw new PacelineError(
      "unsupported",
      `${path} has schema version ${version}, this program knows ${SCHEMA_VERSION}: update Paceline`,
    );
  }
  database.exec(`BEGIN IMMEDIATE; ${SCHEMA} COMMIT;`);
}

function storageOver(database: DatabaseSync, blobs: BlobFolder, path: string): Storage {
  const put = database.prepare("INSERT INTO records VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value");
  const get = database.prepare("SELECT value FROM records WHERE kind = ? AND key = ?");
  const remove = database.prepare("DELETE FROM records WHERE kind = ? AND key = ?");
  const list = database.prepare("SELECT key, value FROM records WHERE kind = ? ORDER BY key");
  const open = (): void => {
    if (!database.isOpen) throw new PacelineError("closed", "the storage is closed");
  };
  const query = <T>(work: () => T): T => {
    open();
    return onDisk(path, work);
  };
  return {
    put(kind, key, value) {
      const text = encodeJson(value);
      query(() => put.run(kind, key, text));
    },
    get(kind, key) {
      const row = query(() => get.get(kind, key));
      return row === undefined ? undefined : parsed(row["value"]);
    },
    delete(kind, key) {
      query(() => remove.run(kind, key));
    },
    entries(kind) {
      return query(() => list.all(kind)).map((row) => [String(row["key"]), parsed(row["value"])] as const);
    },
    transaction(work) {
      open();
      if (database.isTransaction) throw nestedTransaction();
      onDisk(path, () => database.exec("BEGIN IMMEDIATE"));
      try {
        const result = requireSynchronous(work());
        // SQLite ends a transaction by itself when the disk is full; then this throws.
        query(() => database.exec("COMMIT"));
        return result;
      } catch (error) {
        if (database.isOpen && database.isTransaction) onDisk(path, () => database.exec("ROLLBACK"));
        throw error;
      }
    },
    async putBlob(root, bytes) {
      open();
      await blobs.put(root, bytes);
    },
    async readBlob(root) {
      open();
      return blobs.read(root);
    },
    async deleteBlob(root) {
      open();
      await blobs.delete(root);
    },
    async blobRoots() {
      open();
      return blobs.roots();
    },
    close() {
      if (database.isOpen) database.close();
    },
  };
}

function parsed(text: unknown): unknown {
  return JSON.parse(String(text)) as unknown;
}
