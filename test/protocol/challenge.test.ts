import { expect } from "chai";
import { describe, it } from "mocha";
import { keccakWords, type Hex } from "../../node/core/bytes.ts";
import { includeHash, nextModelId } from "../../node/core/encoding.ts";
import { includedUpdates, type Member } from "../../node/core/roundView.ts";
import type { PeerEvent } from "../../node/protocol/events.ts";
import type { Demand } from "../../node/protocol/state.ts";
import {
  aggregated,
  attestationOf,
  checked,
  COHORT,
  members,
  MODEL,
  operators,
  peer,
  RELAY,
  RETRY,
  RIGHT_ROOT,
  said,
  scoreCommitOf,
  scoresOf,
  see,
  START,
  terms,
  updateOf,
  viewIn,
  WRONG_ROOT,
  type Situation,
} from "./situation.ts";

// Seats: 0 is member 3, 1 is member 1, 2 is member 4, 3 is member 5 (who does not train). Members 0 and 2 only train.
const challenge = see(viewIn("challenge"));
const others = (id: number): PeerEvent[] => checked(...COHORT.filter((other) => other !== id));
/** A seat that computed another root than the one that stands. */
const doubting = (id: number): Situation => peer(id).after(challenge, ...others(id), aggregated(WRONG_ROOT));
const unavailable = (root: Hex): PeerEvent => ({ type: "unavailable", round: 4, root });
const fetched: PeerEvent = { type: "fetched", round: 4, aggregateRoot: RIGHT_ROOT };
const asked = (tree: number, id = 9, demander = operators[5]!): Demand => ({
  id,
  demander,
  deadline: START + 500,
  node: { tree, level: 2, index: 0, hash: RIGHT_ROOT },
});
const underDemand = (demands: readonly Demand[], change = {}): PeerEvent =>
  see(viewIn("challenge", { openDemands: demands.length, ...change }), members, demands);
const quarter = terms.demandSeconds / 4;
const half = terms.demandSeconds / 2;

describe("a seat that doubts an aggregate", () => {
  it("asks the chain for it, a quarter into the quorum's window, where nobody on the network gives it", () => {
    const one = doubting(1).after(unavailable(RIGHT_ROOT));
    expect(one.at(quarter - 1).types).not.to.include("demand");
    expect(one.at(quarter).only("demand")).to.deep.include({ type: "demand", tree: 0, root: RIGHT_ROOT });
  });

  it("asks in the middle of the window, though nobody has refused it", () => {
    const one = doubting(1);
    expect(one.at(half - 1).types).not.to.include("demand");
    expect(one.at(half).types).to.include("demand");
  });

  it("waits for the turns of other seats that did not vouch for it, and no longer than the window lasts", () => {
    // Of the seats but the poster's, member 5 has the third one.
    expect(doubting(5).at(half + 2 * RELAY - 1).types).not.to.include("demand");
    expect(doubting(5).at(half + 2 * RELAY).types).to.include("demand");
    const slow = doubting(5);
    const settings = { ...slow.state.settings, relaySeconds: 1000 };
    slow.state = { ...slow.state, settings };
    slow.after(challenge);
    expect(slow.at(0.8 * terms.demandSeconds).types).to.include("demand");
  });

  it("has the first turn where all others have vouched for it", () => {
    const alone = peer(5).after(
      see(viewIn("challenge", { attestedMask: 0b0111n })),
      ...others(5),
      aggregated(WRONG_ROOT),
    );
    expect(alone.types).to.include("prove");
    expect(alone.at(half).types).to.include("demand");
  });

  it("asks for nothing once it holds the aggregate: then it proves", () => {
    const one = doubting(1);
    expect(one.types).to.include("prove");
    expect(one.after(fetched).at(half + 10 * RELAY).types).not.to.include("demand");
  });

  it("asks for one node of a tree at a time, and for the next one when that was shown", () => {
    const one = doubting(1);
    one.at(half);
    const end = one.ended("demand", true);
    expect(one.after(underDemand([asked(0)]), end).types).not.to.include("demand");
    expect(one.at(half + 30).types).not.to.include("demand");
    // Shown: the window's end has moved.
    expect(one.after(see(viewIn("challenge", { windowEnd: START + 900 }))).types).to.include("demand");
  });

  it("does not take the answer that it has missed for its own demand that still waits", () => {
    const one = doubting(1);
    one.at(half);
    one.after(one.ended("demand", true));
    expect(one.after(see(viewIn("challenge", { windowEnd: START + 900 }))).types).to.include("demand");
  });

  it("waits for one answer at a time, of whatever tree, and for nobody else's", () => {
    const own = doubting(1).after(underDemand([asked(3, 9, operators[1])]));
    expect(own.at(half).types).not.to.include("demand");
    const another = doubting(1).after(underDemand([asked(3)]));
    expect(another.at(half).types).to.include("demand");
  });
});

describe("a seat that lacks an included update", () => {
  it("asks the chain for its tree, by its place in the include order", () => {
    const lacking = peer(1).after(challenge, ...checked(0, 2, 4), unavailable(updateOf(3).updateRoot));
    const effect = lacking.at(quarter).only("demand");
    expect(effect).to.deep.include({ tree: 4, root: updateOf(3).updateRoot });
    expect(effect.updates.map(({ memberId }) => memberId)).to.deep.equal(COHORT);
  });

  it("asks for one after the other", () => {
    const lacking = peer(1).after(challenge, ...checked(0));
    expect(lacking.at(half).only("demand").tree).to.equal(3);
    lacking.after(underDemand([asked(3, 9, operators[1])]));
    expect(lacking.at(half + 10 * RELAY).types).not.to.include("demand");
  });

  it("asks for none that it has refused: that would be shown, and cannot be summed all the same", () => {
    const refusal: PeerEvent = { type: "checked", round: 4, updateRoot: updateOf(3).updateRoot, ok: false };
    expect(
      peer(1)
        .after(challenge, ...checked(0, 2, 4), refusal)
        .at(half).types,
    ).not.to.include("demand");
  });

  it("asks for nothing before something stands", () => {
    const propose = see(viewIn("propose"));
    expect(
      peer(1)
        .after(propose, ...checked(0, 2, 4))
        .at(10 * half).types,
    ).not.to.include("demand");
  });
});

describe("a peer that holds what is demanded", () => {
  it("shows the aggregate that it computed, or fetched: the seats first, then the cohort", () => {
    const seat = peer(3).after(underDemand([asked(0)]), ...others(3), aggregated());
    expect(seat.only("answer")).to.deep.equal({ type: "answer", id: 9, node: asked(0).node, root: RIGHT_ROOT });
    const member = peer(0).after(underDemand([asked(0)]), fetched);
    expect(member.at(4 * RELAY - 1).types).not.to.include("answer");
    expect(member.at(4 * RELAY).types).to.include("answer");
  });

  it("shows updates that it checked, and its own", () => {
    const own = peer(2).after(underDemand([asked(3)]), { type: "trained", round: 4, update: updateOf(2) });
    expect(own.at(6 * RELAY).only("answer").root).to.equal(updateOf(2).updateRoot);
    const seat = peer(3).after(underDemand([asked(3)]), ...checked(2));
    expect(seat.only("answer").root).to.equal(updateOf(2).updateRoot);
  });

  it("shows nothing that it does not hold, and no aggregate that is not its own", () => {
    expect(peer(3).after(underDemand([asked(0)]), ...others(3), aggregated(WRONG_ROOT)).types).not.to.include("answer");
    expect(peer(3).after(underDemand([asked(3)]), ...checked(0, 1)).types).not.to.include("answer");
    expect(peer(0).after(underDemand([asked(0)])).types).not.to.include("answer");
  });

  it("comes before the deadline, whatever its rank, and never after it", () => {
    const late: Demand = { ...asked(0), deadline: START + 10 };
    const member = peer(2).after(underDemand([late]), fetched);
    expect(member.at(2.9).types).not.to.include("answer");
    expect(member.at(3).types).to.include("answer");
    const gone = peer(3);
    gone.now = START + 11;
    expect(gone.after(underDemand([late]), ...others(3), aggregated()).types).not.to.include("answer");
  });

  it("answers each of several demands", () => {
    const one = peer(3).after(underDemand([asked(0), asked(1, 10), asked(2, 11)]), ...others(3), aggregated());
    expect(one.effects.flatMap((effect) => (effect.type === "answer" ? [effect.id] : []))).to.have.members([9, 10, 11]);
  });
});

describe("a window with demands", () => {
  const all = { attestedMask: 0b1111n, scoreCommittedMask: 0b1111n };

  it("is not closed while one is open, and is judged as soon as its time is over", () => {
    const demands = [asked(0), { ...asked(1, 10), deadline: START + 300 }];
    const one = peer(3).after(underDemand(demands, { ...all, blockNumber: 78 }));
    expect(one.at(300.5).types).not.to.include("advance");
    expect(one.at(301).only("advance").phase).to.equal("challenge");
  });

  it("is not judged before its blocks are over: the proposal's, those of the demand, and one more", () => {
    const blocks = (blockNumber: number): Situation => {
      const one = peer(3);
      one.state = { ...one.state, settings: { ...one.state.settings, terms: { ...terms, phaseBlocks: 3 } } };
      one.now = START + 501;
      return one.after(underDemand([asked(0)], { ...all, blockNumber }));
    };
    expect(blocks(80).types).not.to.include("advance");
    expect(blocks(81).types).to.include("advance"); // proposed in 77, demanded in 78 at least, answered in 81 at last
  });

  it("lasts as long as an answer has extended it, complete or not", () => {
    const complete = see(viewIn("challenge", { ...all, windowEnd: START + 70 }));
    const one = peer(3).after(complete);
    expect(one.at(69).types).not.to.include("advance");
    expect(one.at(70).types).to.include("advance");
    const quorum = see(viewIn("challenge", { attestedMask: 0b0111n, windowEnd: START + terms.demandSeconds + 90 }));
    const other = peer(3).after(quorum);
    expect(other.at(terms.demandSeconds + 89).types).not.to.include("advance");
    expect(other.at(terms.demandSeconds + 90).types).to.include("advance");
  });

  it("lasts as many blocks as an answer has extended it, too", () => {
    const judged = { ...all, windowEnd: START + 70, windowEndBlock: 90, blockTime: START + 70 };
    expect(peer(3).after(see(viewIn("challenge", { ...judged, blockNumber: 88 }))).types).not.to.include("advance");
    expect(peer(3).after(see(viewIn("challenge", { ...judged, blockNumber: 89 }))).types).to.include("advance");
    const quorum = see(viewIn("challenge", { attestedMask: 0b0111n, windowEndBlock: 90, blockNumber: 88 }));
    expect(peer(3).after(quorum).at(terms.challengeSeconds).types).not.to.include("advance");
  });

  it("is never complete where those that are left are no quorum of all that were drawn", () => {
    const few = viewIn("challenge", { ...all, liveSeats: 0b0011n, attestedMask: 0b0011n, scoreCommittedMask: 0b0011n });
    const one = peer(3).after(see(few));
    expect(one.at(terms.challengeSeconds - 1).types).not.to.include("advance");
    expect(one.at(terms.challengeSeconds).types).to.include("advance");
  });

  it("closes at once where it is complete and the extension is over", () => {
    const over = viewIn("challenge", { ...all, windowEnd: START + 70, blockTime: START + 70, blockNumber: 78 });
    expect(peer(3).after(see(over)).types).to.include("advance");
  });
});

describe("an include set that an update has left", () => {
  const included = { includedMask: 0b11101n };
  const smaller = viewIn("propose", included);
  const hash = includeHash(includedUpdates(smaller));

  it("is summed and scored anew, and what was judged over the old one is void", () => {
    const one = peer(3).after(
      challenge,
      ...others(3),
      aggregated(),
      said(1, attestationOf()),
      said(4, scoreCommitOf(4)),
    );
    one.after({ type: "scored", round: 4, scores: scoresOf(3) });
    expect(one.state.memory.aggregateRoot).to.equal(RIGHT_ROOT);
    one.after(see(smaller));
    const { aggregateRoot, attestations, scoreCommits, scores, checked: held } = one.state.memory;
    expect({ aggregateRoot, scores }).to.deep.equal({ aggregateRoot: undefined, scores: undefined });
    expect([attestations.size, scoreCommits.size, held.size]).to.deep.equal([0, 0, 4]);
    expect(one.types).to.include.members(["aggregate", "score"]);
    expect(one.only("aggregate")).to.deep.include({ includeHash: hash });
    expect(one.only("score")).to.deep.include({ includeHash: hash, own: 2 });
  });

  it("takes no sum and no scores of the old set for its own", () => {
    const one = peer(3).after(see(smaller), ...others(3), aggregated(), {
      type: "scored",
      round: 4,
      scores: scoresOf(3),
    });
    expect(one.state.memory.aggregateRoot).to.equal(undefined);
    expect(one.state.memory.scores).to.equal(undefined);
  });

  it("is proposed by the same seat again", () => {
    const one = peer(3).after(see(viewIn("propose")), ...others(3), aggregated());
    const end = one.ended("propose", true);
    one.after(challenge, end, see(smaller));
    const again: PeerEvent = { type: "aggregated", round: 4, includeHash: hash, aggregateRoot: keccakWords(72) };
    expect(one.after(again).only("propose").body).to.deep.include({ slot: 0, includeHash: hash });
  });

  it("has messages about it kept until the chain shows it", () => {
    const ahead = { ...attestationOf(), includeHash: hash } as ReturnType<typeof attestationOf>;
    const one = peer(1).after(challenge, said(4, ahead));
    expect(one.state.memory.attestations.size).to.equal(0);
    expect(one.after(see(viewIn("challenge", included))).state.memory.attestations.size).to.equal(1);
  });
});

describe("evidence against an equivocator", () => {
  const both = [said(4, attestationOf()), said(4, attestationOf(WRONG_ROOT))];
  const ready = (id: number): Situation => peer(id).after(challenge, ...others(id), aggregated(), ...both);

  it("goes to the court, by rank, from whoever heard both roots", () => {
    const effect = ready(3).only("proveEquivocation");
    expect(effect.memberId).to.equal(4);
    expect(effect.equivocation.operator).to.equal(operators[4]);
    expect([effect.equivocation.first, effect.equivocation.second].map((one) => one.aggregateRoot)).to.deep.equal([
      RIGHT_ROOT,
      WRONG_ROOT,
    ]);
    const member = peer(2).after(challenge, ...both);
    expect(member.at(6 * RELAY - 1).types).not.to.include("proveEquivocation");
    expect(member.at(6 * RELAY).types).to.include("proveEquivocation");
  });

  it("is none where the slots differ, or the same root is said twice", () => {
    const one = peer(3).after(
      challenge,
      ...others(3),
      said(4, attestationOf()),
      said(4, attestationOf(WRONG_ROOT, 1)),
      said(4, attestationOf()),
    );
    expect(one.state.equivocations.size).to.equal(0);
  });

  it("is found though attestations of other slots came in between", () => {
    const one = peer(3).after(challenge, both[0]!, said(4, attestationOf(WRONG_ROOT, 1)), both[1]!);
    expect([...one.state.equivocations.keys()]).to.deep.equal([4]);
  });

  it("is nobody's against itself", () => {
    expect(ready(4).at(100 * RELAY).types).not.to.include("proveEquivocation");
  });

  it("is kept beyond the round, until its author is ejected or has another operator", () => {
    const next = viewIn("commit", { round: 5, seed: keccakWords(8) });
    const change = (part: Partial<Member>): Member[] => members.with(4, { ...members[4]!, ...part });
    const one = peer(0).after(challenge, ...both);
    one.after(see(next));
    expect(one.at(10 * RELAY).types).to.include("proveEquivocation");
    for (const gone of [change({ ejected: true }), change({ operator: operators[6]! })]) {
      const other = peer(0).after(challenge, ...both, see(next, gone));
      expect(other.state.equivocations.size).to.equal(0);
    }
  });

  it("is not sent again once the seat is dead, though the members are read later", () => {
    const one = ready(3);
    const end = one.ended("proveEquivocation", true);
    one.after(see(viewIn("challenge", { liveSeats: 0b1011n })), end);
    expect(one.at(100 * RETRY).types).not.to.include("proveEquivocation");
  });
});

describe("a seat that holds what settled against what it made of the round", () => {
  const next = (modelId: Hex, round = 5): PeerEvent => see(viewIn("commit", { round, seed: keccakWords(8), modelId }));
  const after = (event: PeerEvent, root = RIGHT_ROOT): Situation =>
    peer(3).after(challenge, ...others(3), aggregated(root), event);

  it("asks for nothing where its own root has settled, or none", () => {
    expect(after(next(nextModelId(MODEL, RIGHT_ROOT))).types).not.to.include("audit");
    expect(after(next(MODEL)).types).not.to.include("audit");
    expect(after(next(MODEL)).state.judged).to.equal(undefined);
  });

  it("audits a round in which another root has settled, with the updates that were included, until it is settled", () => {
    const one = after(next(nextModelId(MODEL, WRONG_ROOT)));
    const effect = one.only("audit");
    expect(effect.judged).to.deep.equal({
      round: 4,
      modelId: MODEL,
      updates: includedUpdates(viewIn("challenge")),
      aggregateRoot: RIGHT_ROOT,
    });
    expect(effect.owners).to.deep.equal([0, 1, 2, 4].map((id) => operators[id]));
    expect(one.after({ type: "audited", round: 4 }).state.disputes).to.deep.equal([]);
  });

  it("audits the last round as well", () => {
    const ended = see(viewIn("finished", { modelId: nextModelId(MODEL, WRONG_ROOT) }));
    expect(after(ended).types).to.include("audit");
  });

  it("audits where it has seen nothing of the rounds in between, for the model's name tells nothing then", () => {
    const later = next(nextModelId(nextModelId(MODEL, RIGHT_ROOT), WRONG_ROOT), 6);
    expect(after(later).types).to.include("audit");
  });

  it("audits what a run before a restart had made of a round", () => {
    const judged = { round: 3, modelId: MODEL, updates: [], aggregateRoot: WRONG_ROOT };
    const one = peer(3).after({ type: "judged", judged }, next(MODEL));
    expect(one.only("audit").judged).to.deep.equal(judged);
  });

  it("remembers no more than the newest four disputes", () => {
    const one = peer(3);
    for (let round = 1; round <= 6; round++) {
      one.after({ type: "judged", judged: { round, modelId: MODEL, updates: [], aggregateRoot: WRONG_ROOT } });
    }
    expect(one.state.disputes.map(({ round }) => round)).to.deep.equal([3, 4, 5, 6]);
  });
});
