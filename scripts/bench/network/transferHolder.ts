// The process that holds the blob: serves it by raw TCP and by the blob protocol, out of the store that a daemon has.
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AGGREGATE_LEAF_BYTES } from "../../../node/core/fixedPoint.ts";
import { buildTree } from "../../../node/core/merkle.ts";
import { seededRandom } from "../../../node/core/random.ts";
import type { BlobShape } from "../../../node/network/network.ts";
import { openStorage } from "../../../node/storage/sqlite.ts";
import { openPeer, sourceOver } from "./peerHost.ts";
import { servePlainStream } from "./plainStream.ts";

/** What the holder tells the fetching process. */
export interface Ready {
  readonly shape: BlobShape;
  readonly contacts: readonly string[];
  readonly rawPort: number;
  /** Of a plain stream of libp2p. */
  readonly plainAddress: string;
}

const BLOB_BYTES = 100e6;

function randomBytes(length: number): Uint8Array {
  const words = new Uint32Array(length / 4);
  const random = seededRandom(1);
  for (let i = 0; i < words.length; i++) words[i] = random.uint32();
  return new Uint8Array(words.buffer);
}

const leafCount = Math.ceil(BLOB_BYTES / AGGREGATE_LEAF_BYTES);
const bytes = randomBytes(leafCount * AGGREGATE_LEAF_BYTES);
const shape: BlobShape = {
  root: buildTree(bytes, AGGREGATE_LEAF_BYTES).root,
  leafBytes: AGGREGATE_LEAF_BYTES,
  leafCount,
};

const folder = mkdtempSync(join(tmpdir(), "paceline-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const storage = await openStorage(folder);
await storage.putBlob(shape.root, bytes);
const { network } = await openPeer(0, { blobs: sourceOver(storage) });

const plainAddress = await servePlainStream(bytes);

const raw = createServer({ noDelay: true }, (socket) => socket.end(bytes));
raw.listen(0, "127.0.0.1", () => {
  const { port: rawPort } = raw.address() as AddressInfo;
  process.send?.({ shape, contacts: network.contacts(), rawPort, plainAddress } satisfies Ready);
});
process.on("message", () => process.send?.(process.cpuUsage()));
process.on("disconnect", () => process.exit());
