import { expect } from "chai";
import { describe, it } from "mocha";
import { constants, zstdCompressSync } from "node:zlib";
import type { Hex } from "../../node/core/bytes.ts";
import { CHUNK_BYTES } from "../../node/core/chunks.ts";
import type { PacelineError } from "../../node/core/errors.ts";
import { Compressor, decompressedInto, SLOW_LINK } from "../../node/network/blobs/compression.ts";
import {
  encodeRequest,
  encodeResponseHeader,
  RequestDecoder,
  type BlobRequest,
} from "../../node/network/blobs/frames.ts";
import { BlobLink } from "../../node/network/blobs/link.ts";
import type { Pipe, PipeEvents } from "../../node/network/blobs/pipe.ts";
import { serveBlobs } from "../../node/network/blobs/serve.ts";
import { TransferLimits } from "../../node/network/blobs/transferLimits.ts";
import { seededRandom } from "../../node/core/random.ts";
import { rejectionOf } from "../helpers/errors.ts";
import { ManualClock } from "../helpers/manualClock.ts";

const ROOT: Hex = `0x${"7a".repeat(32)}`;
const NEVER = new AbortController().signal;
const LENGTH = 300_000;
const update = (): Uint8Array => {
  const random = seededRandom(1);
  return new Uint8Array(Int16Array.from({ length: LENGTH / 2 }, () => Math.round(30 * random.normal())).buffer);
};
const noise = (): Uint8Array => {
  const random = seededRandom(2);
  return new Uint8Array(Uint32Array.from({ length: LENGTH / 4 }, () => random.uint32()).buffer);
};
const chunkRequest = (zstd?: true): BlobRequest => ({
  kind: "chunk",
  root: ROOT,
  leafBytes: 256,
  index: 0,
  ...(zstd === undefined ? {} : { zstd }),
});

/** A link whose peer answers as told, each answer taking so long on the link. */
function linkTo(
  answer: (request: BlobRequest, id: number) => readonly Uint8Array[],
  compression: "auto" | "off" = "auto",
) {
  const clock = new ManualClock();
  const asked: BlobRequest[] = [];
  const violations: PacelineError[] = [];
  let msPerAnswer = 0;
  const open = async (events: PipeEvents): Promise<Pipe> => {
    const decoder = new RequestDecoder();
    return {
      send(bytes) {
        for (const { id, request } of decoder.feed(bytes)) {
          asked.push(request);
          const [header, ...rest] = answer(request, id);
          queueMicrotask(() => {
            events.onData(header as Uint8Array);
            void clock.advance(msPerAnswer).then(() => rest.forEach((piece) => events.onData(piece)));
          });
        }
      },
      queued: () => 0,
      drained: () => Promise.resolve(),
      abort: () => undefined,
    };
  };
  const onViolation = (error: PacelineError): void => void violations.push(error);
  const link = new BlobLink({ open, chunkTimeoutMs: 10_000, compression, clock, onViolation });
  return { link, asked, violations, slow: (ms: number) => void (msPerAnswer = ms) };
}

const answerWith = (payload: Uint8Array, encoding: "plain" | "zstd") => (request: BlobRequest, id: number) => [
  encodeResponseHeader({ id, index: request.index, length: payload.length, encoding }),
  payload,
];

describe("compressed answers", () => {
  it("are asked for once the link has shown that it is slower than the codec, and never where they are off", async () => {
    for (const compression of ["auto", "off"] as const) {
      const plain = update();
      const { link, asked, slow } = linkTo(answerWith(plain, "plain"), compression);
      const target = new Uint8Array(LENGTH);
      await link.request(chunkRequest(), target, NEVER); // nothing is known yet
      slow(Math.ceil((2 * LENGTH) / SLOW_LINK));
      for (let time = 0; time < 20; time++) await link.request(chunkRequest(), target, NEVER);
      await link.request({ kind: "nodes", root: ROOT, leafBytes: 256, index: 0 }, target, NEVER);
      const wanted = asked.map(({ zstd }) => zstd === true);
      expect(wanted[0]).to.equal(false);
      expect(wanted.at(-2)).to.equal(compression === "auto");
      expect(wanted.at(-1)).to.equal(false);
      expect(Buffer.compare(target, plain)).to.equal(0);
    }
  });

  it("arrive as what was compressed", async () => {
    const plain = update();
    const packed = zstdCompressSync(plain);
    const { link, violations } = linkTo(answerWith(packed, "zstd"));
    const target = new Uint8Array(LENGTH);
    expect(await link.request(chunkRequest(), target, NEVER)).to.equal(true);
    expect(Buffer.compare(target, plain)).to.equal(0);
    expect(violations).to.deep.equal([]);
  });

  const bombs: Record<string, Uint8Array> = {
    "a gigabyte of zeros": zstdCompressSync(new Uint8Array(2 ** 30), {
      params: { [constants.ZSTD_c_compressionLevel]: 1 },
    }),
    "one byte more than a chunk": zstdCompressSync(new Uint8Array(LENGTH + 1)),
    "one byte less": zstdCompressSync(new Uint8Array(LENGTH - 1)),
    "no zstd": new Uint8Array(1000).fill(9),
    "half a frame": zstdCompressSync(update()).subarray(0, 1000),
    nothing: new Uint8Array(0),
  };
  for (const [what, packed] of Object.entries(bombs)) {
    it(`that are ${what} break the protocol, and take no memory`, async () => {
      const { link, violations } = linkTo(answerWith(packed, "zstd"));
      const before = process.memoryUsage().arrayBuffers;
      const asking = rejectionOf(link.request(chunkRequest(), new Uint8Array(LENGTH), NEVER));
      expect(await asking).to.equal("bad-message");
      expect(violations).to.have.length(1);
      expect(process.memoryUsage().arrayBuffers - before).to.be.below(32 * CHUNK_BYTES);
    });
  }

  it("that are no shorter than what was asked for, or were switched off, break the protocol", async () => {
    const long = linkTo(answerWith(new Uint8Array(LENGTH), "zstd"));
    expect(await rejectionOf(long.link.request(chunkRequest(), new Uint8Array(LENGTH), NEVER))).to.equal("bad-message");
    const off = linkTo(answerWith(zstdCompressSync(update()), "zstd"), "off");
    expect(await rejectionOf(off.link.request(chunkRequest(), new Uint8Array(LENGTH), NEVER))).to.equal("bad-message");
    expect([long.violations.length, off.violations.length]).to.deep.equal([1, 1]);
  });

  it("are made where the peer takes them and they are shorter; what does not shrink is tried once", async () => {
    const compressor = new Compressor();
    const packed = await compressor.compressed(ROOT, update());
    expect(packed?.length).to.be.below(LENGTH * 0.7);
    const target = new Uint8Array(LENGTH);
    expect(await decompressedInto(packed as Uint8Array, target)).to.equal(true);
    expect(Buffer.compare(target, update())).to.equal(0);
    const other: Hex = `0x${"7b".repeat(32)}`;
    expect(await compressor.compressed(other, noise())).to.equal(undefined);
    expect(await compressor.compressed(other, update())).to.equal(undefined);
  });

  it("are sent only to who accepts them", async () => {
    for (const [zstd, compression, expected] of [
      [true, "auto", "zstd"],
      [undefined, "auto", "plain"],
      [true, "off", "plain"],
    ] as const) {
      const sent: Uint8Array[] = [];
      let feed: PipeEvents | undefined;
      const served = new Promise<void>((resolve) => {
        const pipe: Pipe = {
          send: (bytes) => void (sent.push(bytes) === 2 && resolve()),
          queued: () => 0,
          drained: () => Promise.resolve(),
          abort: () => undefined,
        };
        const answer = (): Promise<Uint8Array> => Promise.resolve(update());
        const limits = new TransferLimits({ compression });
        serveBlobs(
          (events) => ((feed = events), pipe),
          { peer: "0x00", isStranger: () => false, limits, answer },
          () => undefined,
        );
      });
      feed?.onData(encodeRequest(3, chunkRequest(zstd)));
      await served;
      expect(sent[0]?.[12]).to.equal(expected === "zstd" ? 1 : 0);
      expect(sent[1]?.length === LENGTH).to.equal(expected === "plain");
    }
  });
});
