import { expect } from "chai";
import { after, afterEach, beforeEach, describe, it } from "mocha";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { execFileSync } from "node:child_process";
import { hash } from "node:crypto";
import type { Hex } from "../../node/core/bytes.ts";
import { CHUNK_BYTES, chunkOf } from "../../node/core/chunks.ts";
import { diskError } from "../../node/storage/diskError.ts";
import { createMemoryStorage } from "../../node/storage/memory.ts";
import { isOwned, openStorage } from "../../node/storage/sqlite.ts";
import type { Storage } from "../../node/storage/storage.ts";
import { codeOf, rejectionOf } from "../helpers/errors.ts";
import { faultyDisk, smallDisk } from "../helpers/faultyDisk.ts";
import { describeStorageConformance } from "./storage.ts";

const ROOT: Hex = `0x${"5f".repeat(32)}`;
const OTHER: Hex = `0x${"0c".repeat(32)}`;
const parent = mkdtempSync(join(tmpdir(), "paceline-storage-"));
let count = 0;
const newFolder = (): string => join(parent, String(count++));
after(() => rmSync(parent, { recursive: true, force: true }));

describeStorageConformance("memory storage", async (freeBytes) => createMemoryStorage(freeBytes));
describeStorageConformance("sqlite storage", (freeBytes) => {
  const folder = newFolder();
  if (freeBytes === undefined) return openStorage(folder);
  return openStorage(folder, { reserveBytes: 0, fs: smallDisk(join(folder, "blobs"), () => freeBytes) });
});

describe("sqlite storage on disk", () => {
  let folder: string;
  let storage: Storage;
  beforeEach(async () => {
    folder = newFolder();
    storage = await openStorage(folder);
  });
  afterEach(() => storage.close());
  const blobPath = (): string => join(folder, "blobs", "5f", "5f".repeat(32));
  const reopen = async (): Promise<void> => {
    storage.close();
    storage = await openStorage(folder);
  };

  it("says which record is damaged where one is no JSON any more", async () => {
    storage.put("salt", "7", { salt: "0xabc" });
    storage.close();
    const beneath = new DatabaseSync(join(folder, "state.sqlite"));
    beneath.exec('UPDATE records SET value = \'{"salt":"0x\'');
    beneath.close();
    storage = await openStorage(folder);
    expect(codeOf(() => storage.get("salt", "7"))).to.equal("storage-failed");
    expect(() => storage.entries("salt")).to.throw(/record salt 7 is damaged/);
  });

  it("has records and blobs again after it was closed and reopened", async () => {
    storage.put("salt", "7", { salt: "0xabc" });
    await storage.putBlob(ROOT, Uint8Array.of(3, 1, 4));
    await reopen();
    expect(storage.get("salt", "7")).to.deep.equal({ salt: "0xabc" });
    expect(await storage.readBlob(ROOT)).to.deep.equal(Uint8Array.of(3, 1, 4));
  });

  it("has on disk what put wrote, should the process die before close", () => {
    storage.put("salt", "7", "kept");
    // A copy of the files as they are now is what a crash leaves.
    const copy = newFolder();
    mkdirSync(copy);
    for (const name of readdirSync(folder)) {
      if (name.startsWith("state.sqlite")) writeFileSync(join(copy, name), readFileSync(join(folder, name)));
    }
    const database = new DatabaseSync(join(copy, "state.sqlite"));
    expect(database.prepare("SELECT value FROM records").get()?.["value"]).to.equal('"kept"');
    database.close();
  });

  it("reads a truncated, changed or foreign blob file as not held", async () => {
    const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i & 255);
    await storage.putBlob(ROOT, bytes);
    const whole = readFileSync(blobPath());
    for (const length of [0, 7, 8, 15, 16, 23, 24, whole.length - 1]) {
      writeFileSync(blobPath(), whole);
      truncateSync(blobPath(), length);
      expect(await storage.readBlob(ROOT), `cut to ${length} bytes`).to.equal(undefined);
    }
    const changed = Buffer.from(whole);
    changed[500] = (changed[500] as number) ^ 1;
    writeFileSync(blobPath(), changed);
    expect(await storage.readBlob(ROOT)).to.equal(undefined);
    expect(await storage.readChunk(ROOT, 0)).to.equal(undefined);
    await storage.putBlob(ROOT, bytes);
    expect(await storage.readBlob(ROOT)).to.deep.equal(bytes);
  });

  it("reads the whole chunks of a blob of which another is damaged", async () => {
    const bytes = new Uint8Array(2 * CHUNK_BYTES).fill(7);
    await storage.putBlob(ROOT, bytes);
    const file = readFileSync(blobPath());
    file[file.length - 1] = 8;
    writeFileSync(blobPath(), file);
    expect(await storage.readChunk(ROOT, 0)).to.have.length(CHUNK_BYTES);
    expect(await storage.readChunk(ROOT, 1)).to.equal(undefined);
    expect(await storage.readBlob(ROOT)).to.equal(undefined);
  });

  it("keeps its files from other users", async () => {
    await storage.putBlob(ROOT, Uint8Array.of(1));
    await (await storage.openPartial(OTHER, 5)).close();
    const modes = [
      folder,
      join(folder, "blobs"),
      join(folder, "blobs", "5f"),
      join(folder, "state.sqlite"),
      blobPath(),
    ];
    modes.push(join(folder, "blobs", "0c", `${"0c".repeat(32)}.part`), join(folder, "state.sqlite-wal"));
    const expected = ["700", "700", "700", "600", "600", "600", "600"];
    expect(modes.map((path) => (statSync(path).mode & 0o777).toString(8))).to.deep.equal(expected);
  });

  it("takes over a folder of schema version 1: its records, its whole blobs, not its damaged ones", async () => {
    const old = newFolder();
    mkdirSync(join(old, "blobs", "5f"), { recursive: true });
    mkdirSync(join(old, "blobs", "0c"), { recursive: true });
    const database = new DatabaseSync(join(old, "state.sqlite"));
    database.exec(
      `CREATE TABLE records (kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (kind, key)) STRICT, WITHOUT ROWID;
       INSERT INTO records VALUES ('update', '9', '{"salt":1}'), ('update', '11', '{"salt":2}'), ('other', '40', '0');
       PRAGMA user_version = 1`,
    );
    database.close();
    const blob = Uint8Array.of(3, 1, 4, 1, 5);
    const oldFile = Buffer.concat([Buffer.from("paceblb1"), hash("sha256", blob, "buffer"), blob]);
    writeFileSync(join(old, "blobs", "5f", "5f".repeat(32)), oldFile);
    writeFileSync(join(old, "blobs", "0c", "0c".repeat(32)), oldFile.subarray(0, 44));
    for (const run of ["first", "second"]) {
      const taken = await openStorage(old);
      expect(taken.get("update", "11"), run).to.deep.equal({ salt: 2 });
      expect(await taken.readBlob(ROOT), run).to.deep.equal(blob);
      expect(taken.blobs(), run).to.deep.equal([{ root: ROOT, kind: "unknown", round: 11, bytes: 5, whole: true }]);
      expect(await taken.blobRoots(), run).to.deep.equal([ROOT]);
      taken.close();
    }
  });

  it("puts right what a crash left between index and files", async () => {
    const [lost, unnamed, risen] = (["aa", "bb", "cc"] as const).map((byte): Hex => `0x${byte.repeat(32)}`) as [
      Hex,
      Hex,
      Hex,
    ];
    const fileOf = (root: Hex): string => join(folder, "blobs", root.slice(2, 4), root.slice(2));
    for (const root of [lost, unnamed]) await storage.putBlob(root, Uint8Array.of(1));
    await (await storage.openPartial(risen, 1)).close();
    await (await storage.openPartial(OTHER, 1)).close();
    storage.close();
    rmSync(fileOf(lost));
    writeFileSync(fileOf(risen), readFileSync(fileOf(unnamed)));
    const database = new DatabaseSync(join(folder, "state.sqlite"));
    database.exec(`DELETE FROM blobs WHERE root IN ('${unnamed}', '${OTHER}')`);
    database.close();
    storage = await openStorage(folder);
    const held = storage.blobs().map(({ root, kind, whole }) => [root, kind, whole]);
    expect(held).to.deep.equal([
      [unnamed, "unknown", true],
      [risen, "kept", true],
    ]);
    expect(readdirSync(join(folder, "blobs", "0c"))).to.deep.equal([]);
    expect(readdirSync(join(folder, "blobs", "cc"))).to.deep.equal(["cc".repeat(32)]);
  });

  for (const fault of ["fail", "tear"] as const) {
    it(`has every blob whole or not at all, whichever change of the disk ${fault}s, and goes on after a restart`, async () => {
      const blob = Uint8Array.from({ length: CHUNK_BYTES + 9 }, (_, i) => (i * 7) & 255);
      const work = async (each: Storage): Promise<void> => {
        await each.putBlob(ROOT, blob);
        if (each.blob(OTHER)?.whole === true) return each.deleteBlob(ROOT);
        const partial = await each.openPartial(OTHER, blob.length);
        try {
          for (const index of [1, 0]) await partial.write(index, chunkOf(blob, index));
          await partial.finish();
        } finally {
          await partial.close();
        }
        await each.deleteBlob(ROOT);
      };
      let ended = false;
      for (let at = 0; !ended; at++) {
        expect(at).to.be.below(40);
        const home = newFolder();
        // From this change on the disk does nothing any more, as if the process had been killed.
        const { fs } = faultyDisk((change) => (change < at ? undefined : change === at ? fault : "fail"));
        const broken = await openStorage(home, { fs });
        ended = await work(broken).then(
          () => true,
          () => false,
        );
        broken.close();
        const after = await openStorage(home);
        for (const root of [ROOT, OTHER]) {
          const held = await after.readBlob(root);
          expect(after.blob(root)?.whole ?? false, `${at}: ${root}`).to.equal(held !== undefined);
          if (held !== undefined) expect(Buffer.compare(held, blob), `${at}: ${root}`).to.equal(0);
        }
        if (after.blob(OTHER)?.whole !== true) {
          const partial = await after.openPartial(OTHER, blob.length);
          for (const index of partial.held) {
            const chunk = await partial.read(index);
            if (chunk !== undefined) expect(Buffer.compare(chunk, chunkOf(blob, index))).to.equal(0);
          }
          await partial.close();
        }
        await work(after);
        expect(after.blobs().map(({ root, whole }) => [root, whole])).to.deep.equal([[OTHER, true]]);
        after.close();
      }
    }).timeout(60_000);
  }

  it("tells a disk that fills up in the middle of a blob as full, keeps the blob's place clean, and recovers", async () => {
    const home = newFolder();
    let full = true;
    const { fs } = faultyDisk(() => (full ? "tear" : undefined), "ENOSPC");
    const filled = await openStorage(home, { fs });
    expect(await rejectionOf(filled.putBlob(ROOT, new Uint8Array(4000)))).to.equal("disk-full");
    expect(filled.blobs()).to.deep.equal([]);
    full = false;
    await filled.putBlob(ROOT, new Uint8Array(4000));
    expect(await filled.readBlob(ROOT)).to.have.length(4000);
    filled.close();
  });

  it("survives a file system that is really full, with every record and blob that it took", async function () {
    const home = newFolder();
    mkdirSync(home);
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=6m", "tmpfs", home], { stdio: "ignore" });
    } catch {
      return this.skip(); // only root may, and not everywhere
    }
    try {
      let full = await openStorage(home, { reserveBytes: 0 });
      const taken: Hex[] = [];
      let refusal = "none";
      for (let byte = 0x10; byte < 0x20 && refusal === "none"; byte++) {
        const root: Hex = `0x${byte.toString(16).repeat(32)}`;
        refusal = await rejectionOf(full.putBlob(root, new Uint8Array(CHUNK_BYTES - 5000).fill(byte)));
        if (refusal === "none") taken.push(root);
      }
      expect(refusal).to.equal("disk-full");
      let records = 0;
      const fill = (): void => {
        for (; ; records++) full.put("salt", String(records), "x".repeat(20_000));
      };
      expect(codeOf(fill)).to.equal("disk-full");
      full.close();
      await openStorage(home, { reserveBytes: 0 }).then((storage) => (full = storage));
      for (const root of taken) expect(await full.readBlob(root)).to.have.length(CHUNK_BYTES - 5000);
      expect(full.entries("salt")).to.have.length(records);
      await full.deleteBlob(taken[0] as Hex);
      full.put("salt", "again", 1);
      await full.putBlob(ROOT, new Uint8Array(100_000));
      full.close();
    } finally {
      execFileSync("umount", ["-l", home]);
    }
  });

  it("ignores a half-written temporary file and removes it when it opens", async () => {
    mkdirSync(join(folder, "blobs", "5f"), { recursive: true });
    writeFileSync(`${blobPath()}.0123456789ab.tmp`, "half");
    expect(await storage.readBlob(ROOT)).to.equal(undefined);
    expect(await storage.blobRoots()).to.deep.equal([]);
    await reopen();
    expect(readdirSync(join(folder, "blobs", "5f"))).to.deep.equal([]);
  });

  it("refuses a database of a newer schema version, and a file that is none", async () => {
    storage.close();
    const database = new DatabaseSync(join(folder, "state.sqlite"));
    database.exec("PRAGMA user_version = 99");
    database.close();
    expect(await rejectionOf(openStorage(folder))).to.equal("unsupported");
    const other = newFolder();
    mkdirSync(other);
    writeFileSync(join(other, "state.sqlite"), "x".repeat(5000));
    expect(await rejectionOf(openStorage(other))).to.equal("storage-failed");
  });

  it("is used by one process at a time", async () => {
    await reopen();
    expect(await rejectionOf(openStorage(folder))).to.equal("storage-failed");
  });

  it("may be read while another writes, and is not written by a reader", async () => {
    storage.close();
    storage = await openStorage(folder, { access: "share" });
    storage.put("k", "a", 1);
    const reader = await openStorage(folder, { access: "read" });
    storage.put("k", "b", 2);
    expect(reader.entries("k")).to.deep.equal([
      ["a", 1],
      ["b", 2],
    ]);
    expect(codeOf(() => reader.put("k", "c", 3))).to.equal("storage-failed");
    reader.close();
    storage.close();
    const alone = await openStorage(folder, { access: "read" });
    expect(alone.get("k", "b")).to.equal(2);
    alone.close();
    expect(await rejectionOf(openStorage(newFolder(), { access: "read" }))).to.equal("not-found");
  });

  it("tells whether somebody owns it", async () => {
    expect(isOwned(folder)).to.equal(true);
    storage.close();
    expect(isOwned(folder)).to.equal(false);
    storage = await openStorage(folder, { access: "share" });
    expect(isOwned(folder)).to.equal(false);
    expect(isOwned(newFolder())).to.equal(false);
  });

  it("says `storage-failed` where a file stands in the folder's place, or may not be read", async () => {
    const file = newFolder();
    writeFileSync(file, "");
    expect(await rejectionOf(openStorage(file))).to.equal("storage-failed");
    await storage.putBlob(ROOT, Uint8Array.of(1));
    rmSync(blobPath());
    mkdirSync(blobPath());
    expect(await rejectionOf(storage.readBlob(ROOT))).to.equal("storage-failed");
    chmodSync(blobPath(), 0o700);
  });

  it("tells a full disk and missing permission in words", () => {
    expect(diskError("F", Object.assign(new Error("x"), { code: "ENOSPC" })).message).to.contain("the disk is full");
    expect(diskError("F", Object.assign(new Error("x"), { code: "EACCES" })).message).to.contain("permission denied");
    expect(diskError("F", Object.assign(new Error("x"), { errcode: 13 })).message).to.contain("the disk is full");
    // SQLITE_IOERR_FSYNC: an extended code
    expect(diskError("F", Object.assign(new Error("x"), { errcode: 10 | (4 << 8) })).message).to.contain(
      "the disk reports an error",
    );
    expect(diskError("F", new Error("something else")).message).to.equal("cannot use F: something else");
  });
});
