import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import type { Hex } from "../../node/core/bytes.ts";
import { CHUNK_BYTES, chunkOf } from "../../node/core/chunks.ts";
import type { PacelineError } from "../../node/core/errors.ts";
import type { Storage } from "../../node/storage/storage.ts";
import { codeOf, rejectionOf } from "../helpers/errors.ts";

const ROOT_A: Hex = `0x${"ab".repeat(32)}`;
const ROOT_B: Hex = `0x${"0c".repeat(32)}`;

const patterned = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 12)) & 255);
const expectSame = (actual: Uint8Array | undefined, expected: Uint8Array): void => {
  expect(Buffer.compare(actual ?? new Uint8Array(0), expected)).to.equal(0);
};

/** What every storage must do. `create` opens an empty one. */
export function describeStorageConformance(
  name: string,
  /** @param freeBytes what there is room for; much, unless told */
  create: (freeBytes?: number) => Promise<Storage>,
): void {
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

    it("reads single chunks of a blob, and none beyond its end", async () => {
      const bytes = patterned(2 * CHUNK_BYTES + 77);
      await storage.putBlob(ROOT_A, bytes);
      expectSame(await storage.readChunk(ROOT_A, 1), bytes.subarray(CHUNK_BYTES, 2 * CHUNK_BYTES));
      expectSame(await storage.readChunk(ROOT_A, 2), bytes.subarray(2 * CHUNK_BYTES));
      expect(await storage.readChunk(ROOT_A, 3)).to.equal(undefined);
      expect(await storage.readChunk(ROOT_B, 0)).to.equal(undefined);
    });

    it("tells what it holds, of which kind and round, and how large", async () => {
      await storage.putBlob(ROOT_B, new Uint8Array(300), { kind: "update", round: 7 });
      await storage.putBlob(ROOT_A, new Uint8Array(4));
      await storage.putBlob(ROOT_B, new Uint8Array(300), { kind: "aggregate", round: 8 });
      expect(storage.blobs()).to.deep.equal([
        { root: ROOT_B, kind: "aggregate", round: 8, bytes: 300, whole: true },
        { root: ROOT_A, kind: "kept", round: 0, bytes: 4, whole: true },
      ]);
      expect(storage.blob(ROOT_A)).to.include({ kind: "kept", bytes: 4 });
      await storage.deleteBlob(ROOT_B);
      expect(storage.blob(ROOT_B)).to.equal(undefined);
    });

    it("keeps a blob's nodes by leaf size for as long as the blob, and none of what it does not hold", async () => {
      storage.putNodes(ROOT_A, 256, new Uint8Array(64));
      expect(storage.getNodes(ROOT_A, 256)).to.equal(undefined);
      await storage.putBlob(ROOT_A, new Uint8Array(512));
      storage.putNodes(ROOT_A, 256, Uint8Array.of(1, 2));
      storage.putNodes(ROOT_A, 256, Uint8Array.of(3, 4));
      expectSame(storage.getNodes(ROOT_A, 256), Uint8Array.of(3, 4));
      expect(storage.getNodes(ROOT_A, 512)).to.equal(undefined);
      await storage.deleteBlob(ROOT_A);
      await storage.putBlob(ROOT_A, new Uint8Array(512));
      expect(storage.getNodes(ROOT_A, 256)).to.equal(undefined);
    });

    describe("a partial blob", () => {
      const bytes = patterned(2 * CHUNK_BYTES + 5);
      const chunk = (index: number): Uint8Array => chunkOf(bytes, index);

      it("keeps its chunks until it is opened again, and is no blob before it is finished", async () => {
        const first = await storage.openPartial(ROOT_A, bytes.length, { kind: "update", round: 3 });
        expect(first.held).to.deep.equal([]);
        await first.write(2, chunk(2));
        await first.write(0, chunk(0));
        expect(await rejectionOf(first.finish())).to.equal("bad-argument");
        await first.close();
        await first.close();
        expect(await storage.readBlob(ROOT_A)).to.equal(undefined);
        expect(await storage.readChunk(ROOT_A, 0)).to.equal(undefined);
        expect(await storage.blobRoots()).to.deep.equal([]);
        expect(storage.blob(ROOT_A)).to.include({ kind: "update", round: 3, bytes: bytes.length, whole: false });
        const second = await storage.openPartial(ROOT_A, bytes.length);
        expect(second.held).to.deep.equal([0, 2]);
        expectSame(await second.read(2), chunk(2));
        expect(await second.read(1)).to.equal(undefined);
        await second.write(1, chunk(1));
        await second.finish();
        expectSame(await storage.readBlob(ROOT_A), bytes);
        expect(storage.blob(ROOT_A)).to.include({ whole: true });
        expect(await rejectionOf(second.write(0, chunk(0)))).to.equal("closed");
      });

      it("is opened once at a time, not where the blob is held, and starts anew with another length", async () => {
        const open = await storage.openPartial(ROOT_A, bytes.length);
        await open.write(0, chunk(0));
        expect(await rejectionOf(storage.openPartial(ROOT_A, bytes.length))).to.equal("bad-argument");
        await open.close();
        const shorter = await storage.openPartial(ROOT_A, CHUNK_BYTES + 1);
        expect(shorter.held).to.deep.equal([]);
        await shorter.close();
        await storage.putBlob(ROOT_A, bytes);
        expect(await rejectionOf(storage.openPartial(ROOT_A, bytes.length))).to.equal("bad-argument");
      });

      it("takes no chunk that the blob does not have", async () => {
        const partial = await storage.openPartial(ROOT_A, bytes.length);
        expect(await rejectionOf(partial.write(3, chunk(2)))).to.equal("bad-argument");
        expect(await rejectionOf(partial.write(2, chunk(1)))).to.equal("bad-argument");
        await partial.close();
      });

      it("is forgotten like any other", async () => {
        const partial = await storage.openPartial(ROOT_A, bytes.length);
        await partial.write(0, chunk(0));
        await partial.close();
        await storage.deleteBlob(ROOT_A);
        expect(storage.blobs()).to.deep.equal([]);
        const again = await storage.openPartial(ROOT_A, bytes.length);
        expect(again.held).to.deep.equal([]);
        await again.close();
      });
    });

    it("refuses a blob that it has no room for, telling what is free and what is needed, and takes it when there is", async () => {
      const small = await create(3 * CHUNK_BYTES);
      await small.putBlob(ROOT_A, new Uint8Array(2 * CHUNK_BYTES));
      expect(await rejectionOf(small.putBlob(ROOT_B, new Uint8Array(2 * CHUNK_BYTES)))).to.equal("disk-full");
      expect(small.blob(ROOT_B)).to.equal(undefined);
      const refusal = await small.requireSpace(2 * CHUNK_BYTES).then(
        () => undefined,
        (error: unknown) => error as PacelineError,
      );
      expect(refusal?.facts["neededBytes"]).to.equal(2 * CHUNK_BYTES);
      expect(refusal?.facts["freeBytes"]).to.be.within(CHUNK_BYTES / 2, CHUNK_BYTES);
      const partial = await small.openPartial(ROOT_B, 2 * CHUNK_BYTES);
      await partial.write(0, new Uint8Array(CHUNK_BYTES)).catch(() => undefined);
      expect(await rejectionOf(partial.write(1, new Uint8Array(CHUNK_BYTES)))).to.equal("disk-full");
      await small.deleteBlob(ROOT_A);
      await partial.write(0, new Uint8Array(CHUNK_BYTES));
      await partial.write(1, new Uint8Array(CHUNK_BYTES));
      await partial.finish();
      expect(await small.readBlob(ROOT_B)).to.have.length(2 * CHUNK_BYTES);
      small.close();
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
