import { expect } from "chai";
import { describe, it } from "mocha";
import { keccakWords } from "../../node/core/bytes.ts";
import type { PeerEvent } from "../../node/protocol/events.ts";
import { attestations, scoreCommits, scoreOpenings, scored } from "./messagesOfARound.ts";
import {
  aggregated,
  attestationOf,
  checked,
  COHORT,
  INCLUDE_HASH,
  operators,
  peer,
  RELAY,
  RETRY,
  RIGHT_ROOT,
  said,
  scoreCommitOf,
  scoreOpeningOf,
  see,
  START,
  terms,
  updateOf,
  viewIn,
  WRONG_ROOT,
} from "./situation.ts";

// Seats: 0 is member 3, 1 is member 1, 2 is member 4, 3 is member 5 (who does not train). Members 0 and 2 only train.

describe("a peer in Propose", () => {
  const propose = see(viewIn("propose"));

  it("as a seat fetches what it lacks, sums, and proposes at its slot", () => {
    const one = peer(1).after(propose);
    expect(one.types).to.deep.equal(Array.from({ length: 4 }, () => "fetchUpdate"));
    expect(one.after(...checked(0, 2, 3, 4)).types).to.include.members(["aggregate", "score"]);
    one.after(aggregated());
    expect(one.at(terms.slotSeconds - 1).types).not.to.include("propose");
    expect(one.at(terms.slotSeconds).only("propose")).to.deep.equal({
      type: "propose",
      seat: 1,
      body: attestationOf(RIGHT_ROOT, 1),
    });
  });

  it("waits for the blocks of the turns before its own as well", () => {
    const one = peer(4);
    one.state = { ...one.state, settings: { ...one.state.settings, terms: { ...terms, phaseBlocks: 5 } } };
    one.now = START + 2 * terms.slotSeconds;
    const ready = [...checked(0, 1, 2, 3), aggregated()];
    // Propose began in block 77; two turns of five blocks are over in block 87, which is the next one after 86.
    expect(one.after(see(viewIn("propose", { blockNumber: 85 })), ...ready).types).not.to.include("propose");
    expect(one.after(see(viewIn("propose", { blockNumber: 86 }))).types).to.include("propose");
  });

  it("as the first seat proposes at once", () => {
    const one = peer(3).after(propose, ...checked(0, 1, 2, 4), aggregated());
    expect(one.types.filter((type) => type === "propose")).to.deep.equal(["propose"]);
  });

  it("gives dead seats no turn", () => {
    const one = peer(4).after(see(viewIn("propose", { liveSeats: 0b1101n })), ...checked(0, 1, 2, 3), aggregated());
    expect(one.at(terms.slotSeconds - 1).types).not.to.include("propose");
    expect(one.at(terms.slotSeconds).types).to.include("propose");
    const first = see(viewIn("propose", { liveSeats: 0b1110n }));
    expect(peer(1).after(first, ...checked(0, 2, 3, 4), aggregated()).types).to.include("propose");
  });

  it("does not propose when its slot is gone or its fault is proven", () => {
    const gone = peer(3).after(
      see(viewIn("propose", { firstSlot: 1, liveSeats: 0b1110n })),
      ...checked(0, 1, 2, 4),
      aggregated(),
    );
    expect(gone.at(3 * terms.slotSeconds).types).not.to.include("propose");
    const ejected = peer(4).after(
      see(viewIn("propose", { firstSlot: 1, liveSeats: 0b1010n })),
      ...checked(0, 1, 2, 3),
      aggregated(),
    );
    expect(ejected.at(3 * terms.slotSeconds).types).not.to.include("propose");
  });

  it("judges nothing where a quorum included an update that it refused", () => {
    const refusal: PeerEvent = { type: "checked", round: 4, updateRoot: updateOf(1).updateRoot, ok: false };
    const one = peer(3).after(propose, ...checked(0, 2, 4), refusal);
    expect(one.at(60).types).not.to.include.members(["aggregate"]);
  });
});

describe("a peer in Challenge", () => {
  const challenge = see(viewIn("challenge"));
  const ready = (id: number): PeerEvent[] => [
    challenge,
    ...checked(...COHORT.filter((other) => other !== id)),
    aggregated(),
  ];

  it("attests the root that it computed itself, and repeats it until it stands on the chain", () => {
    const one = peer(1).after(...ready(1));
    expect(one.effects).to.deep.include({ type: "publish", body: attestationOf() });
    expect(one.at(RETRY).types).to.include("publish Attestation");
    one.after(see(viewIn("challenge", { attestedMask: 0b0010n })));
    expect(one.at(3 * RETRY).types).not.to.include("publish Attestation");
  });

  it("proves another root wrong instead of attesting it, in its turn", () => {
    const one = peer(4).after(challenge, ...checked(0, 1, 2, 3), aggregated(WRONG_ROOT));
    expect(one.types).not.to.include("publish Attestation");
    // The aggregator holds the first turn and will not prove its own fault.
    expect(one.at(RELAY - 0.1).types).not.to.include("prove");
    const effect = one.at(RELAY).only("prove");
    expect(effect).to.deep.include({
      aggregateRoot: RIGHT_ROOT,
      holders: [operators[3]],
    });
    expect(effect.updates.map(({ memberId }) => memberId)).to.deep.equal(COHORT);
    expect(one.at(2 * terms.challengeSeconds).types).not.to.include("publish Attestation");
  });

  it("posts no attestation of a root that it holds for wrong", () => {
    const one = peer(4).after(
      challenge,
      ...checked(0, 1, 2, 3),
      aggregated(WRONG_ROOT),
      ...attestations,
      ...scoreCommits,
    );
    expect(one.at(terms.challengeSeconds).types).not.to.include("attest");
  });

  it("scores while the window is open, and commits to the scores", () => {
    const one = peer(1).after(...ready(1));
    const effect = one.only("score");
    expect(effect).to.deep.include({ round: 4, includeHash: INCLUDE_HASH, own: 1 });
    expect(one.after(scored(1)).only("publish").body).to.deep.equal(scoreCommitOf(1));
    expect(
      peer(5)
        .after(...ready(5))
        .only("score").own,
    ).to.equal(undefined);
  });

  it("as the first seat posts all attestations and score commits in one transaction, once all are there", () => {
    const one = peer(3).after(...ready(3), ...attestations, ...scoreCommits.slice(1));
    expect(one.types).not.to.include("attest");
    const effect = one.after(scoreCommits[0]!).only("attest");
    expect(effect.attestations.map(({ seat }) => seat)).to.deep.equal([0, 1, 2, 3]);
    expect(effect.scoreCommits.map(({ seat }) => seat)).to.deep.equal([0, 1, 2, 3]);
  });

  it("posts what there is when half of the window is over: the quorum's window where there is a quorum", () => {
    const some = [...attestations.slice(0, 3), ...scoreCommits.slice(0, 2)];
    const quorum = peer(3).after(...ready(3), ...some);
    expect(quorum.at(terms.demandSeconds / 2 - 1).types).not.to.include("attest");
    expect(quorum.at(terms.demandSeconds / 2).only("attest").attestations.length).to.equal(3);
    const few = peer(3).after(...ready(3), ...attestations.slice(0, 2));
    expect(few.at(terms.challengeSeconds / 2 - 1).types).not.to.include("attest");
    expect(few.at(terms.challengeSeconds / 2).only("attest").attestations.length).to.equal(2);
  });

  it("leaves attestations of an earlier proposal out", () => {
    const second = viewIn("challenge", { firstSlot: 1, slot: 1, liveSeats: 0b1110n });
    const one = peer(1).after(see(second), ...checked(0, 2, 3, 4), aggregated(), ...attestations);
    expect(one.at(terms.challengeSeconds).types).not.to.include("attest");
  });
});

describe("a peer in Score", () => {
  const score = see(viewIn("score"));

  it("opens its scores only now, and repeats them until they are opened", () => {
    const one = peer(4).after(score, scored(4));
    expect(one.only("publish").body).to.deep.equal(scoreOpeningOf(4));
    expect(one.at(RETRY).types).to.deep.equal(["publish ScoreOpening"]);
    one.after(see(viewIn("score", { scoreOpenedMask: 0b0100n })));
    expect(one.at(3 * RETRY).types).to.deep.equal([]);
  });

  it("opens nothing that was never committed to", () => {
    const one = peer(4).after(see(viewIn("score", { scoreCommittedMask: 0b1011n })), scored(4));
    expect(one.types).to.deep.equal([]);
  });

  it("as the first seat posts all vectors at once, and others in their turn", () => {
    const first = peer(3).after(score, ...scoreOpenings);
    expect(first.only("openScores").openings.map(({ seat }) => seat)).to.deep.equal([0, 1, 2, 3]);
    const member = peer(0).after(score, ...scoreOpenings);
    expect(member.at(4 * RELAY - 0.1).types).to.deep.equal([]);
    expect(member.at(4 * RELAY).types).to.deep.equal(["openScores"]);
  });

  it("posts what there is after two fifths of the phase, and its own after seven tenths", () => {
    const one = peer(3).after(score, scored(3), scoreOpenings[0]!, scoreOpenings[2]!);
    expect(
      one
        .at(0.4 * terms.scoreSeconds)
        .only("openScores")
        .openings.map(({ seat }) => seat),
    ).to.deep.equal([0, 2]);
    expect(
      one
        .at(0.7 * terms.scoreSeconds)
        .only("openScores")
        .openings.map(({ seat }) => seat),
    ).to.deep.equal([0]);
  });

  it("opens its own soon after others have opened theirs without it, because nobody hears of it", () => {
    const part = 0.4 * terms.scoreSeconds;
    const one = peer(3)
      .after(score, scored(3), scoreOpenings[0]!)
      .at(part - 3 * RELAY);
    one.after(see(viewIn("score", { scoreOpenedMask: 0b1100n })));
    expect(one.types).not.to.include("openScores");
    one.at(part - RELAY);
    expect(one.only("openScores").openings.map(({ seat }) => seat)).to.deep.equal([0]);
  });

  it("posts a vector once: what the contract has taken and passed over is not what was committed", () => {
    const one = peer(3).after(score, scored(3), ...scoreOpenings);
    const posted = [0, 1, 2, 3];
    one.after({ type: "scoresPosted", round: 4, seats: posted }, see(viewIn("score", { scoreOpenedMask: 0b1011n })));
    expect(one.at(terms.scoreSeconds - 1).types).to.not.include("openScores");
  });

  it("drops vectors that the contract would skip, and those that are not what was committed", () => {
    const half = scoreOpeningOf(1);
    const body = { ...half, vector: `${(half as { vector: string }).vector.slice(0, -4)}0001` } as typeof half;
    const other = { ...half, salt: keccakWords(3) } as typeof half;
    const one = peer(3).after(score, scoreCommits[1]!, said(1, body), said(1, other), said(4, half));
    expect(one.state.memory.scoreOpenings.size).to.equal(0);
    expect(one.after(said(1, half)).state.memory.scoreOpenings.size).to.equal(1);
  });
});
