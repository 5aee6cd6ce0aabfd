import type { Hex } from "../../core/bytes.ts";
import type { BlobEntry, Storage } from "../../storage/storage.ts";
import { newestRecord, promisedUpdates, ROUND_RECORDS } from "../home/roundRecords.ts";
import { keptModels, newestCertificate } from "./keptModels.ts";

/** Rounds whose blobs and records stay where nothing else is told; Infinity keeps all, which an audit needs. */
export const USUAL_KEPT_ROUNDS = 4;
/** What a round promised may be asked for until the end of the one after it. */
export const LEAST_KEPT_ROUNDS = 2;

/** So many rounds longer a blob stays that is being served: not for ever, or who asks again and again would fill the disk. */
const SERVED_ROUNDS = 8;

export interface Retention {
  /** The round that has begun. */
  readonly round: number;
  readonly keptRounds: number;
  /** Rounds that somebody disputes: they and all after them stay. */
  readonly disputed: readonly number[];
  /** Whether somebody is being served this blob. */
  readonly isServed: (root: Hex) => boolean;
}

/** Forgets what is older than the retention: a crash in the middle leaves the rest for the next round. */
export async function collect(storage: Storage, retention: Retention): Promise<void> {
  const { round, keptRounds, disputed, isServed } = retention;
  const disputedFrom = Math.min(round, ...disputed);
  const oldest = Math.min(disputedFrom, round - Math.max(LEAST_KEPT_ROUNDS, keptRounds));
  // Own records are worth money, and an endpoint's word for a round that is far ahead is no reason to forget the newest ones.
  const oldestOwn = (kind: (typeof ROUND_RECORDS)[number]): number =>
    Math.min(oldest, newestRecord(storage, kind) - LEAST_KEPT_ROUNDS);
  const age: Age = {
    oldest,
    oldestOwn: oldestOwn("update"),
    oldestOfOthers: keptRounds === Infinity ? -Infinity : disputedFrom,
    attested: Math.min(oldest, newestCertificate(storage)?.round ?? -Infinity),
    oldestModel: Math.min(...keptModels(storage).map(({ updates }) => updates)),
  };
  const kept = stillNamed(storage, age.oldestOwn);
  const younger = (entry: BlobEntry): BlobEntry => ({ ...entry, round: entry.round + SERVED_ROUNDS });
  const isGone = (entry: BlobEntry): boolean => isOld(isServed(entry.root) ? younger(entry) : entry, age);
  const old = storage.blobs().filter((entry) => isGone(entry) && !kept.has(entry.root));
  for (const { root } of old) await storage.deleteBlob(root);
  storage.transaction(() => {
    for (const kind of ROUND_RECORDS) {
      const first = oldestOwn(kind);
      for (const [key] of storage.entries(kind)) if (Number(key) < first) storage.delete(kind, key);
    }
    // Before blobs had an index, these named others' updates.
    for (const [root] of storage.entries("spilled")) storage.delete("spilled", root);
  });
}

interface Age {
  readonly oldest: number;
  /** Of own updates. */
  readonly oldestOwn: number;
  readonly oldestOfOthers: number;
  /** The round of the newest attested checkpoint, if it is old enough: what came before is in it. */
  readonly attested: number;
  /** By settled rounds, as checkpoints are. */
  readonly oldestModel: number;
}

function isOld({ kind, round }: BlobEntry, age: Age): boolean {
  const { oldest, oldestOwn, oldestOfOthers, attested, oldestModel } = age;
  switch (kind) {
    case "update":
      return round < oldestOwn;
    case "unknown":
      return round < oldest;
    case "other":
      return round < oldestOfOthers;
    case "aggregate":
      return round < attested;
    // Of a crash between a checkpoint's bytes and its record.
    case "checkpoint":
      return oldest > -Infinity && round < oldestModel;
    default:
      return false;
  }
}

/** What a checkpoint or a promise of a round that is kept stands for. */
function stillNamed(storage: Storage, oldest: number): ReadonlySet<Hex> {
  const models = keptModels(storage).map(({ checkpointRoot }) => checkpointRoot);
  return new Set([...models, ...promisedUpdates(storage, oldest).map(({ updateRoot }) => updateRoot)]);
}
