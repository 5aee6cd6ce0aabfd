import type { DatabaseSync } from "node:sqlite";
import type { Hex } from "../core/bytes.ts";
import type { BlobEntry } from "./storage.ts";

/**
 * The rows of the tables `blobs` and `blob_nodes`. A row is written before its file, and removed after it: so no file is
 * ever without a row, and rows without a file are put right when the storage opens.
 */
export class BlobIndex {
  readonly #statements: ReturnType<typeof prepare>;

  constructor(database: DatabaseSync) {
    this.#statements = prepare(database);
  }

  set({ root, kind, round, bytes, whole }: BlobEntry): void {
    this.#statements.set.run(root, kind, round, bytes, whole ? 1 : 0);
  }

  get(root: Hex): BlobEntry | undefined {
    const row = this.#statements.get.get(root);
    return row === undefined ? undefined : entryOf(row);
  }

  all(): readonly BlobEntry[] {
    return this.#statements.all.all().map(entryOf);
  }

  delete(root: Hex): void {
    this.#statements.deleteNodes.run(root);
    this.#statements.delete.run(root);
  }

  setNodes(root: Hex, leafBytes: number, nodes: Uint8Array): void {
    this.#statements.setNodes.run(root, leafBytes, nodes, root);
  }

  getNodes(root: Hex, leafBytes: number): Uint8Array | undefined {
    const nodes = this.#statements.getNodes.get(root, leafBytes)?.["nodes"];
    return nodes instanceof Uint8Array ? nodes : undefined;
  }

  /** The highest round that a record of the participant's own names; 0 where there is none. */
  newestRound(): number {
    return Number(this.#statements.newestRound.get()?.["round"] ?? 0);
  }
}

function prepare(database: DatabaseSync) {
  return {
    set: database.prepare(
      "INSERT INTO blobs VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET kind = excluded.kind, round = excluded.round, bytes = excluded.bytes, whole = excluded.whole",
    ),
    get: database.prepare("SELECT * FROM blobs WHERE root = ?"),
    all: database.prepare("SELECT * FROM blobs ORDER BY root"),
    delete: database.prepare("DELETE FROM blobs WHERE root = ?"),
    setNodes: database.prepare(
      "INSERT INTO blob_nodes SELECT ?, ?, ? FROM blobs WHERE root = ? AND whole = 1 ON CONFLICT DO UPDATE SET nodes = excluded.nodes",
    ),
    getNodes: database.prepare("SELECT nodes FROM blob_nodes WHERE root = ? AND leaf_bytes = ?"),
    deleteNodes: database.prepare("DELETE FROM blob_nodes WHERE root = ?"),
    newestRound: database.prepare(
      "SELECT max(CAST(key AS INTEGER)) AS round FROM records WHERE kind IN ('update', 'scores', 'judged')",
    ),
  };
}

function entryOf(row: Record<string, unknown>): BlobEntry {
  return {
    root: row["root"] as Hex,
    kind: String(row["kind"]),
    round: Number(row["round"]),
    bytes: Number(row["bytes"]),
    whole: row["whole"] === 1,
  };
}
