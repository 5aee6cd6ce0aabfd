import type { Hex } from "../core/bytes.ts";
import { PacelineError } from "../core/errors.ts";
import { encodeJson } from "./json.ts";
import { checkRoot } from "./root.ts";
import type { Storage } from "./storage.ts";
import { nestedTransaction, requireSynchronous } from "./transaction.ts";

/** The twin of the disk: the same semantics, nothing survives `close`. */
export function createMemoryStorage(): Storage {
  const kinds = new Map<string, Map<string, string>>();
  const blobs = new Map<Hex, Uint8Array>();
  /** What undoes the open transaction, in the order in which it was done. */
  let undo: (() => void)[] | undefined;
  let closed = false;

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
    async putBlob(root, bytes) {
      open();
      checkRoot(root);
      blobs.set(root, bytes.slice());
    },
    async readBlob(root) {
      open();
      checkRoot(root);
      return blobs.get(root)?.slice();
    },
    async deleteBlob(root) {
      open();
      checkRoot(root);
      blobs.delete(root);
    },
    async blobRoots() {
      open();
      return [...blobs.keys()].sort();
    },
    close() {
      closed = true;
    },
  };
}

/** SQLite's order: by the bytes of UTF-8. JavaScript's `<` compares UTF-16 units, which differs beyond U+FFFF. */
function byUtf8([left]: readonly [string, string], [right]: readonly [string, string]): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}
