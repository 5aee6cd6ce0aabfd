import { expect } from "chai";
import { describe, it } from "mocha";
import { type Hex } from "../../node/core/bytes.ts";
import type { PeerEvent } from "../../node/protocol/events.ts";
import type { Demand } from "../../node/protocol/state.ts";
import {
  aggregated,
  checked,
  COHORT,
  members,
  operators,
  peer,
  RELAY,
  RIGHT_ROOT,
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
