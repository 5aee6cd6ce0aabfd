import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { PacelineError } from "../core/errors.ts";
import type { BlobFileSystem } from "./blobFileSystem.ts";
import { BlobFolder } from "./blobFolder.ts";
import { BlobIndex } from "./blobIndex.ts";
import { DiskBlobs } from "./diskBlobs.ts";
import { onDisk } from "./diskError.ts";
import { RESERVE_BYTES } from "./diskSpace.ts";
import { encodeJson } from "./json.ts";
import { checkRoot } from "./root.ts";
import { migrate } from "./schema.ts";
import { KEPT, type Storage } from "./storage.ts";
import { nestedTransaction, requireSynchronous } from "./transaction.ts";

/** For tests: another file system, or another reserve. */
export interface StorageOptions {
  readonly fs?: BlobFileSystem;
  /** Bytes of the disk that blobs leave free; 64 MiB unless told. */
  readonly reserveBytes?: number;
}

/**
 * Opens or creates `state.sqlite` and `blobs/` in a folder. One process at a time.
 * @throws PacelineError `storage-failed` where the disk does not permit it, `disk-full`, `unsupported` for a newer version's file
 */
export async function openStorage(folder: string, options: StorageOptions = {}): Promise<Storage> {
  const path = join(folder, "state.sqlite");
  const database = onDisk(path, () => openDatabase(folder, path));
  try {
    const blobFolder = new BlobFolder(join(folder, "blobs"), options.reserveBytes ?? RESERVE_BYTES, options.fs);
    const index = new BlobIndex(database);
    const blobs = new DiskBlobs(blobFolder, index);
    await blobs.reconcile();
    return storageOver(database, path, { blobFolder, index, blobs });
  } catch (error) {
    database.close();
    throw error;
  }
}

function openDatabase(folder: string, path: string): DatabaseSync {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const database = new DatabaseSync(path);
  try {
    // SQLite gives its log the same mode.
    chmodSync(path, 0o600);
    // FULL: in WAL mode only this syncs the log at each commit, which is what "durable when put returns" means.
    database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    migrate(database, path);
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

function parsed(text: unknown): unknown {
  return JSON.parse(String(text)) as unknown;
}
