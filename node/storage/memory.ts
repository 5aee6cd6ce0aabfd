import type { Hex } from "../core/bytes.ts";
import { PacelineError } from "../core/errors.ts";
import { encodeJson } from "./json.ts";
import { checkRoot } from "./root.ts";
import type { Storage } from "./storage.ts";

/** The twin of the disk: the same semantics, nothing survives `close`. */
export function createMemoryStorage(): Storage {
  const kinds = new Map<string, Map<string, string>>();
  const blobs = new Map<Hex, Uint8Array>();
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

  return {
    put(kind, key, value) {
      records(kind).set(key, encodeJson(value));
    },
    get(kind, key) {
      const text = records(kind).get(key);
      return text === undefined ? undefined : (JSON.parse(text) as unknown);
    },
    delete(kind, key) {
      records(kind).delete(key);
    },
    entries(kind) {
      return [...records(kind)].sort(byUtf8).map(([key, text]) => [key, JSON.parse(text) as unknown] as const);
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
