import type { FileHandle } from "node:fs/promises";
import { PacelineError } from "../../../node/core/errors.ts";
import { buildTree } from "../../../node/core/merkle.ts";
import { CHUNK_BYTES } from "../../../node/core/chunks.ts";
import { hasBit, bitmapOf } from "../../../node/network/blobs/bitmap.ts";
import { Compressor, decompressedInto } from "../../../node/network/blobs/compression.ts";
import {
  encodeRequest,
  encodeResponseHeader,
  NOT_HELD,
  RequestDecoder,
  ResponseDecoder,
  type BlobRequest,
} from "../../../node/network/blobs/frames.ts";
import { BlobLink } from "../../../node/network/blobs/link.ts";
import type { PipeEvents } from "../../../node/network/blobs/pipe.ts";
import { BlobServer } from "../../../node/network/blobs/server.ts";
import { BlobVerifier } from "../../../node/network/blobs/verifier.ts";
import { BlobHead, oldBlob, readChunkOf, readWhole } from "../../../node/storage/blobFile.ts";
import { createHash } from "node:crypto";
import { randomBlob } from "../../helpers/blobs.ts";
import { ManualClock } from "../../helpers/manualClock.ts";
import type { Decoder } from "../decoder.ts";

const { bytes, shape } = randomBlob(4, 256, 1);
const NEVER = new AbortController().signal;
const asked = (kind: BlobRequest["kind"], index = 0): BlobRequest => ({
  kind,
  index,
  root: shape.root,
  leafBytes: 256,
});
const join = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

const requests = [
  encodeRequest(1, asked("chunk")),
  encodeRequest(2, { ...asked("chunk", 3), zstd: true }),
  encodeRequest(3, asked("nodes")),
  encodeRequest(4, asked("have")),
];
const compressible = new Uint8Array(bytes.length).fill(3);
const compressed = (): Promise<Uint8Array | undefined> => new Compressor().compressed(shape.root, compressible);
const answerOf = async (id: number, encoding: "plain" | "zstd"): Promise<Uint8Array> => {
  const payload = encoding === "plain" ? bytes : ((await compressed()) ?? bytes);
  return join(encodeResponseHeader({ id, index: 0, length: payload.length, encoding }), payload);
};
const notHeld = (id: number): Uint8Array => encodeResponseHeader({ id, index: 0, length: NOT_HELD });

/** Two requests of ours, whatever the other side says to them; both are settled when it hangs up. */
async function linkFed(input: Uint8Array): Promise<boolean> {
  let events: PipeEvents | undefined;
  const clock = new ManualClock();
  const link = new BlobLink({
    open: (given) => {
      events = given;
      return Promise.resolve({
        send: () => undefined,
        queued: () => 0,
        drained: () => Promise.resolve(),
        abort: () => undefined,
      });
    },
    chunkTimeoutMs: 1_000,
    clock,
    onViolation: () => link.close(),
  });
  const targets = [new Uint8Array(bytes.length), new Uint8Array(bytes.length)];
  const settled = Promise.allSettled(targets.map((target) => link.request(asked("chunk"), target, NEVER)));
  await Promise.resolve();
  await Promise.resolve();
  // Cut somewhere: frames do not come whole.
  const cut = input.length >> 1;
  events?.onData(input.subarray(0, cut));
  events?.onData(input.subarray(cut));
  link.close();
  const results = await settled;
  for (const result of results) if (result.status === "rejected") requireCode(result.reason);
  return results.some(({ status }) => status === "fulfilled");
}

function requireCode(error: unknown): void {
  if (!(error instanceof PacelineError) || !["bad-message", "timeout", "closed"].includes(error.code)) throw error;
}

/** Room for one chunk, as a fetch has it. */
function sink(): ConstructorParameters<typeof ResponseDecoder>[0] {
  const room = new Uint8Array(bytes.length);
  return {
    begin({ length }) {
      if (length === NOT_HELD) return "discard";
      if (length > room.length) throw new PacelineError("bad-message", "longer than asked for");
      return room.subarray(0, length);
    },
    end: () => undefined,
  };
}

/** Only what blob files are read by. */
function fileOf(content: Uint8Array): FileHandle {
  const file = {
    stat: () => Promise.resolve({ size: content.length }),
    read(buffer: Uint8Array, offset: number, length: number, position: number) {
      const piece = content.subarray(position, position + length);
      buffer.set(piece, offset);
      return Promise.resolve({ bytesRead: piece.length });
    },
  };
  return file as unknown as FileHandle;
}

async function blobFileFed(input: Uint8Array): Promise<boolean> {
  const file = fileOf(input);
  const head = await BlobHead.read(file);
  if (head !== undefined) for (let i = 0; i < Math.min(head.chunks, 4); i++) await readChunkOf(file, head, i);
  const whole = await readWhole(file);
  return whole !== undefined || oldBlob(Buffer.from(input)) !== undefined;
}

const tree = randomBlob((3 * CHUNK_BYTES) / 8_192, 8_192, 2);
const large = new BlobVerifier(tree.shape);

export const blobDecoders: readonly Decoder[] = [
  {
    name: "RequestDecoder, and what is answered",
    form: "bytes",
    samples: () => [...requests, join(...requests)],
    feed: async (input) => {
      const server = new BlobServer({ readBlob: (root) => Promise.resolve(root === shape.root ? bytes : undefined) });
      let taken = false;
      for (const { request } of new RequestDecoder().feed(input)) {
        await server.answer(request);
        taken = true;
      }
      return taken;
    },
    codes: ["bad-message"],
  },
  {
    name: "ResponseDecoder",
    form: "bytes",
    samples: async () => [await answerOf(0, "plain"), await answerOf(0, "zstd"), notHeld(0)],
    feed(input) {
      new ResponseDecoder(sink()).feed(input);
      return true;
    },
    codes: ["bad-message"],
  },
  {
    name: "BlobLink, with compressed answers",
    form: "bytes",
    samples: async () => [
      join(await answerOf(0, "plain"), await answerOf(1, "zstd")),
      join(await answerOf(0, "zstd"), notHeld(1)),
      join(notHeld(0), await answerOf(1, "plain")),
    ],
    feed: linkFed,
  },
  {
    name: "decompressedInto",
    form: "bytes",
    samples: async () => [(await compressed())!],
    feed: (input) => decompressedInto(input, new Uint8Array(compressible.length)),
  },
  {
    name: "BlobVerifier, for nodes",
    form: "bytes",
    samples: () => [treeNodes(large.nodesLength)],
    feed: (input) => large.acceptNodes(input),
  },
  {
    name: "BlobVerifier, for chunks",
    form: "bytes",
    samples: () => [bytes],
    feed(input) {
      const verifier = new BlobVerifier(shape);
      // A fetch has as many bytes as it asked for, whatever is in them.
      const chunk = new Uint8Array(bytes.length);
      chunk.set(input.subarray(0, chunk.length));
      return verifier.acceptChunk(0, chunk);
    },
  },
  {
    name: "bitmaps of chunks",
    form: "bytes",
    samples: () => [bitmapOf(20, (index) => index % 3 === 0)],
    feed: (input) => Array.from({ length: 20 }, (_, index) => hasBit(input, index)).includes(true),
  },
  {
    name: "files of a blob folder, whole, partial or of an old version",
    form: "bytes",
    samples: () => {
      const old = join(Buffer.from("paceblb1"), createHash("sha256").update(bytes).digest(), bytes);
      return [join(BlobHead.over(bytes).encode(), bytes), old];
    },
    feed: blobFileFed,
  },
];

/** The nodes at chunk height of the tree, which a holder would send. */
function treeNodes(length: number): Uint8Array {
  const levels = buildTree(tree.bytes, tree.shape.leafBytes).levels;
  return levels.find((level) => level.length === length)!;
}
