import { chmodSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { PacelineError } from "../core/errors.ts";
import type { BlobFileSystem } from "./blobFileSystem.ts";
import { BlobFolder } from "./blobFolder.ts";
import { BlobIndex } from "./blobIndex.ts";
import { DiskBlobs } from "./diskBlobs.ts";
import { isInUse, onDisk } from "./diskError.ts";
import { RESERVE_BYTES } from "./diskSpace.ts";
import { encodeJson } from "./json.ts";
import { checkRoot } from "./root.ts";
import { migrate, SCHEMA_VERSION, schemaVersion } from "./schema.ts";
import { KEPT, type Storage } from "./storage.ts";
import { nestedTransaction, requireSynchronous } from "./transaction.ts";

/**
 * Who else may use the folder meanwhile: nobody ("own": the kernel gives the lock back when its process dies, however it
 * dies); readers ("share": whoever opens it has seen to it that nobody else writes); the one who writes ("read").
 */
export type StorageAccess = "own" | "share" | "read";

/** For whom looks for a moment whether the folder is in use, in milliseconds. */
const LOCK_PATIENCE_MS = 500;

export interface StorageOptions {
  /** "own" unless told. */
  readonly access?: StorageAccess;
  /** For tests: another file system, or another reserve. */
  readonly fs?: BlobFileSystem;
  /** Bytes of the disk that blobs leave free; 64 MiB unless told. */
  readonly reserveBytes?: number;
}

/**
 * Opens or creates `state.sqlite` and `blobs/` in a folder.
 * @throws PacelineError `storage-failed` where the disk does not permit it, or another process uses it (`isInUse`); `disk-full`;
 *   `unsupported` for a newer version's file; to read, `not-found` where there is none
 */
export async function openStorage(folder: string, options: StorageOptions = {}): Promise<Storage> {
  const { access = "own" } = options;
  const path = join(folder, "state.sqlite");
  if (access === "read") await requireReadable(folder, path);
  const database = onDisk(path, () => openDatabase(folder, path, access));
  try {
    const blobFolder = new BlobFolder(join(folder, "blobs"), options.reserveBytes ?? RESERVE_BYTES, options.fs);
    const index = new BlobIndex(database);
    const blobs = new DiskBlobs(blobFolder, index);
    if (access !== "read") await blobs.reconcile();
    return storageOver(database, path, { blobFolder, index, blobs });
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Whether a process owns the storage of a folder. */
export function isOwned(folder: string): boolean {
  const path = join(folder, "state.sqlite");
  if (!existsSync(path)) return false;
  try {
    onDisk(path, () => openToRead(path, schemaVersion));
    return false;
  } catch (error) {
    if (isInUse(error)) return true;
    throw error;
  }
}

/** A reader cannot bring an older version's file up to date: that is done first, by whoever may write. */
async function requireReadable(folder: string, path: string): Promise<void> {
  if (!existsSync(path)) throw new PacelineError("not-found", `there are no records at ${path}`, { path });
  const version = onDisk(path, () => openToRead(path, schemaVersion));
  if (version < SCHEMA_VERSION) (await openStorage(folder)).close();
}

function openToRead<T>(path: string, read: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    return read(database);
  } finally {
    database.close();
  }
}

function openDatabase(folder: string, path: string, access: StorageAccess): DatabaseSync {
  if (access === "read") return new DatabaseSync(path, { readOnly: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const database = new DatabaseSync(path, { timeout: LOCK_PATIENCE_MS });
  try {
    // SQLite gives its log the same mode.
    chmodSync(path, 0o600);
    if (access === "own") database.exec("PRAGMA locking_mode = EXCLUSIVE");
    // FULL: in WAL mode only this syncs the log at each commit, which is what "durable when put returns" means.
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    migrate(database, path);
    // The lock is taken with the first write, and kept.
    if (access === "own") database.exec("BEGIN IMMEDIATE; COMMIT");
  } catch (error) {
    database.close();
    throw error;
  }
  return database;
}

interface BlobParts {
  readonly blobFolder: BlobFolder;
  readonly index: BlobIndex;
  readonly blobs: DiskBlobs;
}

function storageOver(database: DatabaseSync, path: string, { blobFolder, index, blobs }: BlobParts): Storage {
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
      return row === undefined ? undefined : parsed(path, `${kind} ${key}`, row["value"]);
    },
    delete(kind, key) {
      query(() => remove.run(kind, key));
    },
    entries(kind) {
      return query(() => list.all(kind)).map((row) => {
        const key = String(row["key"]);
        return [key, parsed(path, `${kind} ${key}`, row["value"])] as const;
      });
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
    async putBlob(root, bytes, tag = KEPT) {
      open();
      checkRoot(root);
      await blobs.put(root, bytes, tag);
    },
    async readBlob(root) {
      open();
      return blobFolder.read(root);
    },
    async readChunk(root, chunk) {
      open();
      return blobFolder.readChunk(root, chunk);
    },
    async deleteBlob(root) {
      open();
      checkRoot(root);
      await blobs.delete(root);
    },
    async blobRoots() {
      open();
      return blobFolder.roots();
    },
    blobs: () => query(() => index.all()),
    blob: (root) => query(() => index.get(root)),
    putNodes: (root, leafBytes, nodes) => query(() => index.setNodes(root, leafBytes, nodes)),
    getNodes: (root, leafBytes) => query(() => index.getNodes(root, leafBytes)),
    async openPartial(root, bytes, tag = KEPT) {
      open();
      checkRoot(root);
      return blobs.openPartial(root, bytes, tag);
    },
    async requireSpace(bytes) {
      open();
      await blobFolder.requireSpace(bytes);
    },
    close() {
      if (database.isOpen) database.close();
    },
  };
}

function parsed(path: string, record: string, text: unknown): unknown {
  try {
    return JSON.parse(String(text)) as unknown;
  } catch (error) {
    throw new PacelineError(
      "storage-failed",
      `cannot use ${path}: its record ${record} is damaged: restore the folder from a copy`,
      { path, record },
      error,
    );
  }
}
