import { expect } from "chai";
import { after, afterEach, beforeEach, describe, it } from "mocha";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Hex } from "../../node/core/bytes.ts";
import { diskError } from "../../node/storage/diskError.ts";
import { createMemoryStorage } from "../../node/storage/memory.ts";
import { openStorage } from "../../node/storage/sqlite.ts";
import type { Storage } from "../../node/storage/storage.ts";
import { rejectionOf } from "../helpers/errors.ts";
import { describeStorageConformance } from "./storage.ts";

const ROOT: Hex = `0x${"5f".repeat(32)}`;
const parent = mkdtempSync(join(tmpdir(), "paceline-storage-"));
let count = 0;
const newFolder = (): string => join(parent, String(count++));
after(() => rmSync(parent, { recursive: true, force: true }));

describeStorageConformance("memory storage", async () => createMemoryStorage());
describeStorageConformance("sqlite storage", () => openStorage(newFolder()));

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
    for (const length of [0, 7, 8, 39, 40, whole.length - 1]) {
      writeFileSync(blobPath(), whole);
      truncateSync(blobPath(), length);
      expect(await storage.readBlob(ROOT), `cut to ${length} bytes`).to.equal(undefined);
    }
    const changed = Buffer.from(whole);
    changed[500] = (changed[500] as number) ^ 1;
    writeFileSync(blobPath(), changed);
    expect(await storage.readBlob(ROOT)).to.equal(undefined);
    await storage.putBlob(ROOT, bytes);
    expect(await storage.readBlob(ROOT)).to.deep.equal(bytes);
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
