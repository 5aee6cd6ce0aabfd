import { expect } from "chai";
import { describe, it } from "mocha";
import { keccakWords } from "../../node/core/bytes.ts";
import type { Phase, RoundView } from "../../node/core/roundView.ts";
import type { SignedStruct } from "../../node/core/typedData.ts";
import { encodeMessage, judgeMessage } from "../../node/protocol/messages.ts";
import {
  attestationOf,
  bitmapOf,
  commitOf,
  domain,
  members,
  openingOf,
  operators,
  scoreCommitOf,
  scoreOpeningOf,
  sign,
  viewIn,
} from "./situation.ts";

/** Members 0 to 4 train, at positions of the same number; seats are held by 3, 1, 4 and 5. */
const [TRAINS_ONLY, JUDGES_ONLY, BOTH] = [0, 5, 1];
const SEAT_OF_BOTH = 1;

/** What the peer `from` is told of a message by `author`. */
function told(author: number, body: SignedStruct, view: RoundView, from: number): string {
  const data = encodeMessage(sign(author, body), 1);
  const judged = judgeMessage(data, { domain, view, members, from: operators[from]! });
  return judged.verdict === "accepted" ? "accepted" : `${judged.verdict}: ${judged.code}`;
}

interface Case {
  readonly what: string;
  readonly author: number;
  readonly body: SignedStruct;
  readonly phase: Phase;
  readonly code: string;
}

const WRONG: readonly Case[] = [
  { what: "a commit by who does not train", author: JUDGES_ONLY, body: commitOf(0), phase: "commit", code: "no-place" },
  { what: "an opening of another's", author: 2, body: openingOf(3), phase: "share", code: "wrong-place" },
  {
    what: "an opening beyond the cohort",
    author: 2,
    body: { ...openingOf(2), position: 5 } as SignedStruct,
    phase: "share",
    code: "out-of-range",
  },
  {
    what: "an opening that is not what was committed",
    author: 2,
    body: { ...openingOf(2), updateRoot: keccakWords(999) } as SignedStruct,
    phase: "share",
    code: "wrong-opening",
  },
  {
    what: "an opening with another example count",
    author: 2,
    body: { ...openingOf(2), exampleCount: 13 } as SignedStruct,
    phase: "share",
    code: "wrong-opening",
  },
  { what: "a bitmap for another's seat", author: BOTH, body: bitmapOf(2, 1n), phase: "share", code: "wrong-place" },
  {
    what: "a bitmap beyond the cohort",
    author: BOTH,
    body: bitmapOf(SEAT_OF_BOTH, 0b100000n),
    phase: "share",
    code: "out-of-range",
  },
  { what: "a bitmap beyond the committee", author: BOTH, body: bitmapOf(4, 1n), phase: "share", code: "out-of-range" },
  {
    what: "an attestation by who has no seat",
    author: TRAINS_ONLY,
    body: attestationOf(),
    phase: "challenge",
    code: "no-place",
  },
  {
    what: "an attestation of a slot that nobody has",
    author: BOTH,
    body: { ...attestationOf(), slot: 4 } as SignedStruct,
    phase: "challenge",
    code: "out-of-range",
  },
  {
    what: "a score commit by who has no seat",
    author: TRAINS_ONLY,
    body: scoreCommitOf(TRAINS_ONLY),
    phase: "challenge",
    code: "no-place",
  },
  {
    what: "a score opening for another's seat",
    author: JUDGES_ONLY,
    body: scoreOpeningOf(BOTH),
    phase: "score",
    code: "wrong-place",
  },
  {
    what: "a score opening with too few scores",
    author: BOTH,
    body: { ...scoreOpeningOf(BOTH), vector: "0x2710" } as SignedStruct,
    phase: "score",
    code: "wrong-opening",
  },
];

describe("the validators of messages", () => {
  for (const { what, author, body, phase, code } of WRONG) {
    it(`hold ${what} against its author, and not against whoever passes it on`, () => {
      const forwarder = author === 4 ? 3 : 4;
      expect(told(author, body, viewIn(phase), author)).to.equal(`rejected: ${code}`);
      expect(told(author, body, viewIn(phase), forwarder)).to.equal(`ignored: ${code}`);
    });

    it(`cannot tell ${what} after another draw, or in the next round`, () => {
      const other = { ...body, seed: keccakWords(4242) };
      expect(told(author, other, viewIn(phase), author)).to.equal("accepted");
      expect(told(author, { ...body, round: 5 }, viewIn(phase), author)).to.equal("accepted");
    });
  }

  const RIGHT: readonly (readonly [what: string, author: number, body: SignedStruct, phases: string])[] = [
    ["commits", 2, commitOf(2), "commit"],
    ["openings", 2, openingOf(2), "commit share"],
    ["bitmaps", BOTH, bitmapOf(SEAT_OF_BOTH, 0b11101n), "commit share"],
    ["attestations", BOTH, attestationOf(), "commit share propose challenge score"],
    ["score commits", BOTH, scoreCommitOf(BOTH), "commit share propose challenge score"],
    ["score openings", BOTH, scoreOpeningOf(SEAT_OF_BOTH), "commit share propose challenge score"],
  ];
  for (const [what, author, body, phases] of RIGHT) {
    it(`take ${what} as long as they are of use, also before their phase, and ignore them later`, () => {
      for (const phase of ["commit", "share", "propose", "challenge", "score", "finished"] as const) {
        const expected = phases.split(" ").includes(phase) ? "accepted" : "ignored: late";
        expect(told(author, body, viewIn(phase), author), phase).to.equal(expected);
      }
    });
  }

  it("take an opening whose commit the chain does not show yet", () => {
    const unseen = viewIn("share", { committedMask: 0b11011n });
    const body = { ...openingOf(2), updateRoot: keccakWords(999) } as SignedStruct;
    expect(told(2, body, unseen, 2)).to.equal("accepted");
  });
});
