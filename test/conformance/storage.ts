import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import type { Hex } from "../../node/core/bytes.ts";
import type { Storage } from "../../node/storage/storage.ts";
import { codeOf, rejectionOf } from "../helpers/errors.ts";

const ROOT_A: Hex = `0x${"ab".repeat(32)}`;
const ROOT_B: Hex = `0x${"0c".repeat(32)}`;

/** What every storage must do. `create` opens an empty one. */
export function describeStorageConformance(name: string, create: () => Promise<Storage>): void {
  describe(`${name}: conformance of a storage`, () => {
    let storage: Storage;
    beforeEach(async () => {
      storage = await create();
    });
    afterEach(() => storage.close());

    it("gives nested values back as they were, and undefined for what was never stored", () => {
      const value = { salt: "0x1f", weights: [1, -2.5, 1e21], nested: { empty: [], none: null, ключ: [[true]] } };
      storage.put("salt", "3", value);
      expect(storage.get("salt", "3")).to.deep.equal(value);
      expect(storage.get("salt", "4")).to.equal(undefined);
      expect(storage.get("model", "3")).to.equal(undefined);
    });

    it("hands out copies: changing what was put or got changes nothing in the storage", () => {
      const value = { list: [7] };
      storage.put("k", "a", value);
      value.list.push(8);
      (storage.get("k", "a") as typeof value).list.push(9);
      expect(storage.get("k", "a")).to.deep.equal({ list: [7] });
    });

    it("overwrites a record that is put again", () => {
      storage.put("k", "a", 1);
      storage.put("k", "a", "two");
      expect(storage.entries("k")).to.deep.equal([["a", "two"]]);
    });

    it("lists one kind by ascending UTF-8 bytes of the key", () => {
      // U+FF5E sorts after U+1F6B4 by UTF-16 units and before it by UTF-8 bytes.
      for (const key of ["\u{1f6b4}", "～", "b", "10", "9", "B", ""]) storage.put("k", key, key.length);
      storage.put("other", "a", 0);
      expect(storage.entries("k").map(([key]) => key)).to.deep.equal(["", "10", "9", "B", "b", "～", "\u{1f6b4}"]);
      expect(storage.entries("none")).to.deep.equal([]);
    });

    it("deletes a record, and deleting what is not there is no error", () => {
      storage.put("k", "a", 1);
      storage.put("k", "b", 2);
      storage.delete("k", "a");
      storage.delete("k", "a");
      expect(storage.entries("k")).to.deep.equal([["b", 2]]);
    });

    it("refuses what JSON would change or lose, naming where it is", () => {
      const values = [1n, NaN, -0, undefined, new Uint8Array(2), new Map(), () => 1, [undefined], { a: { b: 10n } }];
      for (const value of values) expect(codeOf(() => storage.put("k", "a", value))).to.equal("bad-argument");
      expect(() => storage.put("k", "a", { a: [{ b: 10n }] })).to.throw("value.a[0].b is bigint");
      expect(storage.get("k", "a")).to.equal(undefined);
    });

    it("keeps all that a transaction does, shows it its own writes, and gives its result", () => {
      storage.put("k", "old", 1);
      const result = storage.transaction(() => {
        storage.put("k", "new", 2);
        storage.delete("k", "old");
        storage.put("other", "b", storage.get("k", "new"));
        return storage.entries("k").length;
      });
      expect(result).to.equal(1);
      expect(storage.entries("k")).to.deep.equal([["new", 2]]);
      expect(storage.entries("other")).to.deep.equal([["b", 2]]);
    });

    it("keeps nothing of a transaction that throws, and passes the error on", () => {
      storage.put("k", "a", "before");
      storage.put("k", "b", "stays");
      const problem = new Error("in the middle");
      const work = (): void => {
        storage.put("k", "a", "first");
        storage.put("k", "a", "second");
        storage.delete("k", "b");
        storage.put("new kind", "c", 3);
        throw problem;
      };
      expect(() => storage.transaction(work)).to.throw(problem);
      expect(storage.entries("k")).to.deep.equal([
        ["a", "before"],
        ["b", "stays"],
      ]);
      expect(storage.entries("new kind")).to.deep.equal([]);
      storage.transaction(() => storage.put("k", "a", "after"));
      expect(storage.get("k", "a")).to.equal("after");
    });

    it("keeps nothing of a transaction one of whose values JSON cannot hold", () => {
      const work = (): void => {
        storage.put("k", "a", 1);
        storage.put("k", "b", 1n);
      };
      expect(codeOf(() => storage.transaction(work))).to.equal("bad-argument");
      expect(storage.entries("k")).to.deep.equal([]);
    });

    it("refuses a transaction in a transaction, and asynchronous work, keeping nothing of them", () => {
      const nested = (): void => {
        storage.put("k", "a", 1);
        storage.transaction(() => storage.put("k", "b", 2));
      };
      expect(codeOf(() => storage.transaction(nested))).to.equal("bad-argument");
      const waiting = async (): Promise<void> => {
        storage.put("k", "c", 3);
        await Promise.reject(new Error("later"));
      };
      expect(codeOf(() => storage.transaction(waiting))).to.equal("bad-argument");
      expect(storage.entries("k")).to.deep.equal([]);
    });

    it("keeps nothing of a transaction in which the storage was closed", () => {
      const work = (): void => {
        storage.put("k", "a", 1);
        storage.close();
      };
      expect(codeOf(() => storage.transaction(work))).to.equal("closed");
      expect(codeOf(() => storage.transaction(() => 1))).to.equal("closed");
    });

    it("keeps blobs by root: storing again is no error, deleting twice neither", async () => {
      const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 31) & 255);
      await storage.putBlob(ROOT_A, bytes);
      await storage.putBlob(ROOT_A, bytes);
      await storage.putBlob(ROOT_B, new Uint8Array(256));
      const read = await storage.readBlob(ROOT_A);
      expect(Buffer.compare(read as Uint8Array, bytes)).to.equal(0);
      expect(await storage.blobRoots()).to.deep.equal([ROOT_B, ROOT_A]);
      await storage.deleteBlob(ROOT_A);
      await storage.deleteBlob(ROOT_A);
      expect(await storage.readBlob(ROOT_A)).to.equal(undefined);
      expect(await storage.blobRoots()).to.deep.equal([ROOT_B]);
    });

    it("refuses a root that is not 64 lowercase hex digits", async () => {
      for (const root of ["0x../../etc/passwd", "0xab", `0x${"AB".repeat(32)}`, "ab".repeat(32)] as Hex[]) {
        expect(await rejectionOf(storage.readBlob(root))).to.equal("bad-argument");
        expect(await rejectionOf(storage.putBlob(root, new Uint8Array(1)))).to.equal("bad-argument");
        expect(await rejectionOf(storage.deleteBlob(root))).to.equal("bad-argument");
      }
    });

    it("throws `closed` after close, which may be called twice", async () => {
      storage.close();
      storage.close();
      expect(codeOf(() => storage.put("k", "a", 1))).to.equal("closed");
      expect(codeOf(() => storage.get("k", "a"))).to.equal("closed");
      expect(codeOf(() => storage.entries("k"))).to.equal("closed");
      expect(await rejectionOf(storage.readBlob(ROOT_A))).to.equal("closed");
      expect(await rejectionOf(storage.putBlob(ROOT_A, new Uint8Array(1)))).to.equal("closed");
    });
  });
}
