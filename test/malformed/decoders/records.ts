import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { keccakWords, type Address } from "../../../node/core/bytes.ts";
import { openOutbox } from "../../../node/daemon/account/outbox.ts";
import { createMemoryOutbox, type PendingTransaction } from "../../../node/chain/sending/outbox.ts";
import { createMemoryStorage } from "../../../node/storage/memory.ts";
import { openStorage } from "../../../node/storage/sqlite.ts";
import type { Storage } from "../../../node/storage/storage.ts";
import { bytesOf, jsonBytes, textOf, valueOf, type Decoder } from "../decoder.ts";
import { ScratchFile } from "../scratch.ts";

const OPERATOR: Address = `0x${"0a".repeat(20)}`;
const transaction: PendingTransaction = {
  nonce: 4,
  key: keccakWords(4),
  name: "commit",
  to: `0x${"0b".repeat(20)}`,
  data: "0xc0ffee",
  value: 10n ** 30n + 1n,
  gas: 92_500n,
  fees: { maxFeePerGas: 2n ** 70n, maxPriorityFeePerGas: 1_000_000n },
  raw: "0x02ab",
  hashes: [keccakWords(1), keccakWords(2)],
  cancelHashes: [keccakWords(3)],
  firstSent: 1_700_000_000.25,
  lastSent: 1_700_000_040.5,
  sentAtBlock: 77,
};

/** What an outbox has written. */
function written(): readonly Uint8Array[] {
  const storage = createMemoryStorage();
  openOutbox(storage, 5, OPERATOR).put(transaction);
  return storage.entries("transaction").map(([, value]) => jsonBytes(value));
}

function outboxFed(input: Uint8Array): boolean {
  const storage = createMemoryStorage();
  openOutbox(storage, 5, OPERATOR).put(transaction);
  const [[key]] = storage.entries("transaction") as [[string, unknown]];
  try {
    storage.put("transaction", key, valueOf(input));
  } catch {
    return false; // no JSON: it could not have been stored
  }
  const entries = openOutbox(storage, 5, OPERATOR).entries();
  const twin = createMemoryOutbox();
  for (const entry of entries) twin.put(entry);
  return entries.length === 1;
}

/** A record that a failing disk has changed beneath the database. */
class ChangedRecord {
  readonly #file = new ScratchFile("state.sqlite");
  #storage: Storage | undefined;
  #beneath: DatabaseSync | undefined;

  async feed(input: Uint8Array): Promise<boolean> {
    const storage = (this.#storage ??= await openStorage(this.#file.folder, { access: "share" }));
    this.#beneath ??= this.#open(storage);
    this.#beneath.prepare("UPDATE records SET value = ?").run(textOf(input));
    return storage.get("kind", "key") !== undefined && storage.entries("kind").length === 1;
  }

  close(): void {
    this.#beneath?.close();
    this.#storage?.close();
    this.#file.remove();
  }

  #open(storage: Storage): DatabaseSync {
    storage.put("kind", "key", 1);
    const database = new DatabaseSync(join(this.#file.folder, "state.sqlite"));
    database.exec("PRAGMA synchronous = OFF");
    return database;
  }
}
const changed = new ChangedRecord();

export const recordDecoders: readonly Decoder[] = [
  {
    name: "state.sqlite's records",
    form: "json",
    samples: () => [...written(), bytesOf("12"), bytesOf('"text"')],
    feed: (input) => changed.feed(input),
    close: () => changed.close(),
    codes: ["storage-failed"],
  },
  {
    name: "the outbox",
    form: "json",
    samples: written,
    feed: outboxFed,
    codes: ["storage-failed"],
  },
];
