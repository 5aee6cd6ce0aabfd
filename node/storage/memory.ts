import { PacelineError } from "../core/errors.ts";
import { encodeJson } from "./json.ts";
import { MemoryBlobs, type CopyBlob } from "./memoryBlobs.ts";
import { KEPT, type Storage } from "./storage.ts";
import { nestedTransaction, requireSynchronous } from "./transaction.ts";

const ownCopy: CopyBlob = (_, bytes) => bytes.slice();

/**
 * The twin of the disk: the same semantics, nothing survives `close`.
 * @param capacityBytes what all blobs together may take
 * @param copy many such disks may hold one copy of what they all hold
 */
export function createMemoryStorage(capacityBytes = Infinity, copy = ownCopy): Storage {
  const kinds = new Map<string, Map<string, string>>();
  /** What undoes the open transaction, in the order in which it was done. */
  let undo: (() => void)[] | undefined;
  let closed = false;
  const blobs = new MemoryBlobs(capacityBytes, () => open(), copy);

  const open = (): void => {
    if (closed) throw new PacelineError("closed", "the storage is closed");
  };
  const records = (kind: string): Map<string, string> => {
    open();
    const found = kinds.get(kind) ?? new Map<string, string>();
    kinds.set(kind, found);
    return found;
  };

  const change = (kind: string, key: string, text: string | undefined): void => {
    const changed = records(kind);
    const before = changed.get(key);
    undo?.push(() => (before === undefined ? changed.delete(key) : changed.set(key, before)));
    if (text === undefined) changed.delete(key);
    else changed.set(key, text);
  };

  return {
    put(kind, key, value) {
      change(kind, key, encodeJson(value));
    },
    get(kind, key) {
      const text = records(kind).get(key);
      return text === undefined ? undefined : (JSON.parse(text) as unknown);
    },
    delete(kind, key) {
      change(kind, key, undefined);
    },
    entries(kind) {
      return [...records(kind)].sort(byUtf8).map(([key, text]) => [key, JSON.parse(text) as unknown] as const);
    },
    transaction(work) {
      open();
      if (undo !== undefined) throw nestedTransaction();
      undo = [];
      try {
        const result = requireSynchronous(work());
        open();
        return result;
      } catch (error) {
        for (const restore of undo.reverse()) restore();
        throw error;
      } finally {
        undo = undefined;
      }
    },
    putBlob: (root, bytes, tag = KEPT) => blobs.put(root, bytes, tag),
    readBlob: (root) => blobs.read(root),
    readChunk: (root, index) => blobs.readChunk(root, index),
    deleteBlob: (root) => blobs.delete(root),
    blobRoots: () => blobs.roots(),
    blobs: () => blobs.entries(),
    blob: (root) => blobs.entries().find((entry) => entry.root === root),
    putNodes: (root, leafBytes, nodes) => blobs.putNodes(root, leafBytes, nodes),
    getNodes: (root, leafBytes) => blobs.getNodes(root, leafBytes),
    openPartial: (root, bytes, tag = KEPT) => blobs.openPartial(root, bytes, tag),
    requireSpace: (bytes) => blobs.requireSpace(bytes),
    close() {
      closed = true;
    },
  };
}

/** SQLite's order: by the bytes of UTF-8. JavaScript's `<` compares UTF-16 units, which differs beyond U+FFFF. */
function byUtf8([left]: readonly [string, string], [right]: readonly [string, string]): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}
