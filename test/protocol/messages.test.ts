import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { keccakWords, ZERO_WORD } from "../../node/core/bytes.ts";
import type { SignedStruct } from "../../node/core/typedData.ts";
import { signDigest } from "../../node/core/signature.ts";
import { structDigest } from "../../node/core/typedData.ts";
import {
  decodeMessage,
  encodeMessage,
  judgeMessage,
  type Judgement,
  type PeerMessage,
} from "../../node/protocol/messages.ts";
import { SEEDED } from "../helpers/seeded.ts";
import {
  attestationOf,
  bitmapOf,
  commitOf,
  domain,
  keys,
  members,
  openingOf,
  operators,
  OUTSIDER,
  scoreCommitOf,
  scoreOpeningOf,
  sign,
  viewIn,
} from "./situation.ts";

const view = viewIn("commit");
const EVERY_KIND: readonly SignedStruct[] = [
  commitOf(1),
  openingOf(1),
  bitmapOf(1, 0b10101n),
  attestationOf(),
  scoreCommitOf(1),
  scoreOpeningOf(1),
];
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const FORWARDER = operators[5]!;
const judge = (data: Uint8Array, from = FORWARDER): Judgement => judgeMessage(data, { domain, view, members, from });
const verdictOf = (data: Uint8Array): string => {
  const judged = judge(data);
  return judged.verdict === "accepted" ? "accepted" : `${judged.verdict}: ${judged.code}`;
};
/** A good message with its JSON changed, signature and all. */
const changed = (
  change: (json: { body: Record<string, unknown> } & Record<string, unknown>) => void,
  body = openingOf(1),
): Uint8Array => {
  const json = JSON.parse(new TextDecoder().decode(encodeMessage(sign(1, body), 3))) as {
    body: Record<string, unknown>;
  };
  change(json);
  return text(JSON.stringify(json));
};

describe("the judgement of messages", () => {
  for (const body of EVERY_KIND) {
    it(`accepts a member's ${body.type} and names its author, whatever the attempt`, () => {
      for (const attempt of [0, 1, 0xffffffff]) {
        const data = encodeMessage(sign(1, body), attempt);
        expect(judge(data)).to.deep.equal({ verdict: "accepted", message: sign(1, body), author: operators[1] });
      }
    });
  }

  const MALFORMED: readonly (readonly [what: string, data: Uint8Array])[] = [
    ["nothing", new Uint8Array(0)],
    ["no UTF-8", Uint8Array.of(0xff, 0xfe, 0x80)],
    ["no JSON", text("{")],
    ["JSON that is no object", text("[[]]")],
    ["an unknown type", changed((json) => (json.body["type"] = "Payment"))],
    ["a missing field", changed((json) => delete json.body["salt"])],
    ["an unknown field", changed((json) => (json.body["tip"] = 1))],
    ["an unknown field around the body", changed((json) => (json["from"] = "me"))],
    ["no attempt", changed((json) => delete json["attempt"])],
    ["a fractional round", changed((json) => (json.body["round"] = 4.5))],
    ["a negative round", changed((json) => (json.body["round"] = -4))],
    ["a round beyond uint32", changed((json) => (json.body["round"] = 2 ** 32))],
    ["a position beyond uint8", changed((json) => (json.body["position"] = 256))],
    ["no examples", changed((json) => (json.body["exampleCount"] = 0))],
    ["a commitment of zero, which is none", changed((json) => (json.body["commitment"] = ZERO_WORD), commitOf(1))],
    ["a short root", changed((json) => (json.body["updateRoot"] = "0xab"))],
    ["an uppercase root", changed((json) => (json.body["updateRoot"] = `0x${"AB".repeat(32)}`))],
    ["bits beyond 256", changed((json) => (json.body["bits"] = `0x1${"0".repeat(64)}`), bitmapOf(1, 1n))],
    ["negative bits", changed((json) => (json.body["bits"] = "-0x1"), bitmapOf(1, 1n))],
    ["half a byte of vector", changed((json) => (json.body["vector"] = "0xabc"), scoreOpeningOf(1))],
    [
      "a vector beyond any cohort",
      changed((json) => (json.body["vector"] = `0x${"00".repeat(513)}`), scoreOpeningOf(1)),
    ],
    ["a signature of 64 bytes", changed((json) => (json["signature"] = `0x${"11".repeat(64)}`))],
    [
      "more bytes than any message has",
      text(`${" ".repeat(4096)}${new TextDecoder().decode(encodeMessage(sign(1, openingOf(1)), 0))}`),
    ],
  ];
  for (const [what, data] of MALFORMED) {
    it(`rejects ${what}`, () => {
      expect(verdictOf(data)).to.equal("rejected: malformed");
    });
  }

  it("rejects a signature that nobody can have made", () => {
    const good = sign(1, openingOf(1));
    const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    const s = BigInt(`0x${good.signature.slice(66, 130)}`);
    const mirrored = `${good.signature.slice(0, 66)}${(ORDER - s).toString(16).padStart(64, "0")}${good.signature.endsWith("1b") ? "1c" : "1b"}`;
    const forged = [mirrored, `${good.signature.slice(0, 130)}1d`, `0x${"00".repeat(65)}`, `0x${"ff".repeat(65)}`];
    for (const signature of forged) {
      const message = { ...good, signature } as PeerMessage;
      expect(verdictOf(encodeMessage(message, 0)), signature).to.equal("rejected: bad-signature");
    }
  });

  it("takes a message signed for another job, another chain or another content for nobody's", () => {
    const body = openingOf(1);
    const elsewhere = [
      { ...domain, chainId: 1 },
      { ...domain, job: `0x${"0c".repeat(20)}` as const },
    ];
    for (const other of elsewhere) {
      const message = { body, signature: signDigest(structDigest(other, body), keys[1]!) };
      expect(verdictOf(encodeMessage(message, 0))).to.equal("ignored: not-a-member");
    }
    expect(verdictOf(changed((json) => (json.body["exampleCount"] = 12)))).to.equal("ignored: not-a-member");
  });

  it("ignores a registered operator that is no member", () => {
    expect(verdictOf(encodeMessage(sign(OUTSIDER, openingOf(1)), 0))).to.equal("ignored: not-a-member");
  });

  it("ignores rounds that are over and rounds that are far ahead, and takes the next one", () => {
    const ROUNDS = [
      [0, "ignored: late"],
      [3, "ignored: late"],
      [4, "accepted"],
      [5, "accepted"],
      [6, "ignored: early"],
      [0xffffffff, "ignored: early"],
    ] as const;
    for (const [round, verdict] of ROUNDS) {
      expect(verdictOf(encodeMessage(sign(1, { ...attestationOf(), round }), 0))).to.equal(verdict);
    }
  });

  it("knows nobody before it has seen the chain", () => {
    const unseen = { domain, view: undefined, members: [], from: FORWARDER };
    const first = encodeMessage(sign(1, { ...attestationOf(), round: 1 }), 0);
    expect(judgeMessage(first, unseen)).to.deep.equal({ verdict: "ignored", code: "not-a-member" });
    const later = encodeMessage(sign(1, attestationOf()), 0);
    expect(judgeMessage(later, unseen)).to.deep.equal({ verdict: "ignored", code: "early" });
  });

  it("never throws, whatever bytes come", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (data) => {
        expect(judge(data).verdict).not.to.equal("accepted");
      }),
      SEEDED,
    );
    fc.assert(
      fc.property(fc.json(), (json) => {
        expect(judge(text(json)).verdict).to.equal("rejected");
      }),
      SEEDED,
    );
  });

  it("never throws and never believes a good message with some bytes changed", () => {
    const originals = EVERY_KIND.map((body) => encodeMessage(sign(1, body), 7));
    const edit = fc.record({ at: fc.nat(5000), to: fc.nat(255) });
    fc.assert(
      fc.property(fc.constantFrom(...originals), fc.array(edit, { minLength: 1, maxLength: 4 }), (original, edits) => {
        const data = original.slice();
        for (const { at, to } of edits) data[at % data.length] = to;
        const judged = judge(data);
        // Only the attempt may change without anybody's leave.
        const same = JSON.stringify(decodeMessage(data), bigints) === JSON.stringify(decodeMessage(original), bigints);
        expect(judged.verdict === "accepted").to.equal(same);
      }),
      SEEDED,
    );
  });

  it("survives encoding with every value at its limits", () => {
    const word = fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }).map((value) => keccakWords(value));
    const bits = fc.bigInt({ min: 0n, max: 2n ** 256n - 1n });
    fc.assert(
      fc.property(word, bits, fc.nat(255), fc.nat(0xffffffff), (seed, mask, seat, attempt) => {
        const message = sign(2, { type: "Bitmap", round: 4, seed, seat, bits: mask });
        expect(decodeMessage(encodeMessage(message, attempt))).to.deep.equal(message);
      }),
      { ...SEEDED, numRuns: 50 },
    );
  });
});

const bigints = (_: string, value: unknown): unknown => (typeof value === "bigint" ? value.toString() : value);
