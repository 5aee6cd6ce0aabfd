import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { toHex, type Hex } from "../../node/core/bytes.ts";
import { PacelineError } from "../../node/core/errors.ts";
import {
  decodeRequest,
  encodeRequest,
  encodeResponseHeader,
  NOT_HELD,
  REQUEST_BYTES,
  RequestDecoder,
  ResponseDecoder,
  type BlobRequest,
  type ResponseHeader,
} from "../../node/network/blobs/frames.ts";
import { codeOf } from "../helpers/errors.ts";
import { SEEDED } from "../helpers/seeded.ts";

const root = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(toHex);
const leafBytes = fc.constantFrom(256, 512);
const request: fc.Arbitrary<BlobRequest> = fc.oneof(
  fc.record({ kind: fc.constant("chunk" as const), root, leafBytes, index: fc.nat(0xffffffff) }),
  fc.record({ kind: fc.constantFrom("nodes", "have"), root, leafBytes, index: fc.constant(0) }),
  fc.record({
    kind: fc.constant("chunk" as const),
    root,
    leafBytes,
    index: fc.nat(9),
    zstd: fc.constant(true as const),
  }),
);
const id = fc.nat(0xffffffff);
const cuts = fc.array(fc.nat(200), { maxLength: 20 });

/** Splits bytes at the given lengths, the rest last. */
function pieces(bytes: Uint8Array, lengths: readonly number[]): readonly Uint8Array[] {
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const length of lengths) parts.push(bytes.subarray(at, (at += length)));
  return [...parts, bytes.subarray(at)];
}

/** Records what a decoder hands out; refuses what is longer than `limit`. */
function recorder(limit: number) {
  const responses: { readonly header: ResponseHeader; readonly payload: Hex | undefined }[] = [];
  let header: ResponseHeader | undefined;
  let target: Uint8Array | undefined;
  let allocated = 0;
  const decoder = new ResponseDecoder({
    begin(begun) {
      header = begun;
      target = undefined;
      if (begun.length === NOT_HELD) return "discard";
      if (begun.length > limit) throw new PacelineError("bad-message", "longer than asked for");
      allocated = Math.max(allocated, begun.length);
      return (target = new Uint8Array(begun.length));
    },
    end() {
      responses.push({ header: header as ResponseHeader, payload: target && toHex(target) });
    },
  });
  return { decoder, responses, allocated: () => allocated };
}

describe("blob frames", () => {
  it("of requests decode as they were encoded, cut anywhere", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(id, request), { maxLength: 5 }), cuts, (asked, lengths) => {
        const wire = new Uint8Array(Buffer.concat(asked.map(([name, value]) => encodeRequest(name, value))));
        const decoder = new RequestDecoder();
        const decoded = pieces(wire, lengths).flatMap((piece) => [...decoder.feed(piece)]);
        expect(decoded).to.deep.equal(asked.map(([name, value]) => ({ id: name, request: value })));
      }),
      SEEDED,
    );
  });

  it("of requests that no peer of ours writes throw `bad-message`, and nothing else does", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(codeOf(() => [...new RequestDecoder().feed(bytes)])).to.be.oneOf(["none", "bad-message"]);
        expect(codeOf(() => decodeRequest(bytes))).to.be.oneOf(["none", "bad-message"]);
      }),
      SEEDED,
    );
    const good = encodeRequest(7, { kind: "nodes", root: `0x${"ab".repeat(32)}`, leafBytes: 256, index: 0 });
    for (const [at, value] of [
      [4, 3],
      [5, 2],
      [6, 0],
      [6, 3],
      [6, 4],
      [7, 1],
      [11, 1],
    ] as const) {
      const bad = good.slice();
      bad[at] = value;
      expect(
        codeOf(() => decodeRequest(bad)),
        `byte ${at}`,
      ).to.equal("bad-message");
    }
    expect(good).to.have.length(REQUEST_BYTES);
  });

  it("of responses decode as they were encoded, cut anywhere, with and without a payload", () => {
    const encoding = fc.constantFrom("plain", "zstd");
    const payload = fc.option(fc.uint8Array({ maxLength: 300 }), { nil: undefined });
    fc.assert(
      fc.property(fc.array(fc.tuple(id, id, payload, encoding), { maxLength: 5 }), cuts, (sent, lengths) => {
        const frames = sent.flatMap(([name, index, bytes, how]) => [
          encodeResponseHeader({ id: name, index, length: bytes?.length ?? NOT_HELD, encoding: how }),
          bytes ?? new Uint8Array(0),
        ]);
        const { decoder, responses } = recorder(300);
        for (const piece of pieces(new Uint8Array(Buffer.concat(frames)), lengths)) decoder.feed(piece);
        expect(responses).to.deep.equal(
          sent.map(([name, index, bytes, how]) => ({
            header: { id: name, index, length: bytes?.length ?? NOT_HELD, encoding: how },
            payload: bytes && toHex(bytes),
          })),
        );
      }),
      SEEDED,
    );
  });

  it("of random bytes make a response decoder hold no more than was asked for", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(100), cuts, (bytes, limit, lengths) => {
        const { decoder, allocated } = recorder(limit);
        expect(codeOf(() => pieces(bytes, lengths).forEach((piece) => decoder.feed(piece)))).to.be.oneOf([
          "none",
          "bad-message",
        ]);
        expect(allocated()).to.be.at.most(limit);
      }),
      SEEDED,
    );
  });

  it("leave the target alone once the rest is to be discarded", () => {
    const target = new Uint8Array(4);
    let ended = 0;
    const decoder = new ResponseDecoder({ begin: () => target, end: () => ended++ });
    decoder.feed(encodeResponseHeader({ id: 1, index: 0, length: 4 }));
    decoder.feed(Uint8Array.of(1, 2));
    decoder.discardRest();
    decoder.feed(Uint8Array.of(3, 4));
    expect([...target]).to.deep.equal([1, 2, 0, 0]);
    expect(ended).to.equal(1);
  });
});
