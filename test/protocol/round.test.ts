import { expect } from "chai";
import { describe, it } from "mocha";
import { keccakWords } from "../../node/core/bytes.ts";
import type { Member } from "../../node/core/roundView.ts";
import type { PeerEvent } from "../../node/protocol/events.ts";
import { PASS } from "../../node/core/encoding.ts";
import {
  aggregated,
  attestationOf,
  bitmapOf,
  checked,
  COHORT,
  commitOf,
  INCLUDE_HASH,
  members,
  MODEL,
  openingOf,
  operators,
  OUTSIDER,
  peer,
  RELAY,
  RETRY,
  RIGHT_ROOT,
  said,
  scoreCommitOf,
  scoreOpeningOf,
  scoresOf,
  SEATS,
  see,
  START,
  terms,
  updateOf,
  viewIn,
  WRONG_ROOT,
} from "./situation.ts";

// Seats: 0 is member 3, 1 is member 1, 2 is member 4, 3 is member 5 (who does not train). Members 0 and 2 only train.
const openings = COHORT.map((id) => said(id, openingOf(id)));
const allBut = (id: number): bigint => 0b11111n & ~(1n << BigInt(id));
const bitmaps = SEATS.map((id, seat) => said(id, bitmapOf(seat, allBut(id))));
const attestations = SEATS.map((id) => said(id, attestationOf()));
const scoreCommits = SEATS.map((id) => said(id, scoreCommitOf(id)));
const scoreOpenings = SEATS.map((id) => said(id, scoreOpeningOf(id)));
const trained = (id: number): PeerEvent => ({ type: "trained", round: 4, update: updateOf(id) });
const scored = (id: number): PeerEvent => ({ type: "scored", round: 4, scores: scoresOf(id) });
const ended = viewIn("finished");

describe("a fresh peer", () => {
  const EXPECTED: readonly (readonly [
    who: string,
    id: number,
    phase: Parameters<typeof viewIn>[0],
    effects: readonly string[],
  ])[] = [
    ["a member that trains", 0, "commit", ["train"]],
    ["a seat that trains", 3, "commit", ["train"]],
    ["a seat that does not train", 5, "commit", []],
    ["a member that trains", 0, "share", []],
    ["a seat", 1, "share", []],
    ["a member that trains", 2, "propose", []],
    ["the aggregator", 3, "propose", Array.from({ length: 4 }, () => "fetchUpdate")],
    ["a seat that does not train", 5, "propose", Array.from({ length: 5 }, () => "fetchUpdate")],
    ["a member without a seat", 0, "challenge", ["fetchAggregate"]],
    ["a seat", 1, "challenge", Array.from({ length: 4 }, () => "fetchUpdate")],
    ["a member without a seat", 0, "score", []],
    ["a seat", 4, "score", []],
    ["anybody", 3, "finished", []],
    ["anybody", 3, "failed", []],
  ];
  for (const [who, id, phase, effects] of EXPECTED) {
    it(`as ${who} (${id}) starts ${effects.length === 0 ? "nothing" : [...new Set(effects)].join(", ")} in ${phase}`, () => {
      expect(peer(id).after(see(viewIn(phase))).types).to.deep.equal(effects);
    });
  }

  for (const phase of ["joining", "draw", "commit", "share", "propose", "challenge", "score"] as const) {
    it(`does nothing in ${phase} before it has joined, whatever it hears and however long it takes`, () => {
      const outsider = peer(OUTSIDER).after(see(viewIn(phase)), ...openings, ...bitmaps, ...attestations);
      expect(outsider.types).to.deep.equal([]);
      expect(outsider.at(100_000).types).to.deep.equal([]);
    });
  }

  it("brings its params up to date first, and trains when it has", () => {
    const old = peer(0, keccakWords(1)).after(see(viewIn("commit")));
    expect(old.effects).to.deep.equal([{ type: "sync", modelId: MODEL, lastRoot: undefined }]);
    expect(old.after({ type: "model", modelId: MODEL }).types).to.deep.equal(["train"]);
  });

  it("does not start the same effect twice, and tries a failed one again after a while", () => {
    const one = peer(0).after(see(viewIn("commit")));
    const failed = one.ended("train", false);
    expect(one.after(see(viewIn("commit"))).types).to.deep.equal([]);
    one.now = START + 10;
    expect(one.after(failed).types).to.deep.equal([]);
    expect(one.wakeAt).to.equal(START + 10 + RETRY);
    expect(one.at(10 + RETRY - 0.1).types).to.deep.equal([]);
    expect(one.at(10 + RETRY).types).to.deep.equal(["train"]);
  });
});

describe("a peer that moves the round on", () => {
  it("waits for its turn: the first seat, the other seats, the cohort, the others", () => {
    const everybody = { ...viewIn("commit"), committedMask: 0b11111n };
    const wakes = [3, 1, 4, 5, 0, 2].map((id) => {
      const one = peer(id).after(see(everybody));
      return one.types.includes("advance") ? START : one.wakeAt;
    });
    expect(wakes.map((at) => (at - START) / RELAY)).to.deep.equal([0, 1, 2, 3, 4, 6]);
  });

  it("does so once, and again later should nothing have come of it", () => {
    const complete = see({ ...viewIn("commit"), committedMask: 0b11111n });
    const one = peer(3).after(complete);
    expect(one.only("advance")).to.deep.equal({ type: "advance", round: 4, phase: "commit" });
    const done = one.ended("advance", true);
    expect(one.after(complete).types).to.deep.equal([]);
    expect(one.after(done).types).to.deep.equal([]);
    expect(one.at(10 * RETRY - 1).types).to.deep.equal([]);
    expect(one.at(10 * RETRY).types).to.deep.equal(["advance"]);
  });

  const LENGTHS: readonly (readonly [
    phase: Parameters<typeof viewIn>[0],
    seconds: number,
    change?: Parameters<typeof viewIn>[1],
  ])[] = [
    ["commit", terms.commitSeconds],
    ["share", terms.shareSeconds],
    ["propose", terms.slotSeconds * 4],
    ["propose", terms.slotSeconds * 3, { firstSlot: 1, liveSeats: 0b1110n }],
    ["propose", terms.slotSeconds * 3, { liveSeats: 0b1011n }],
    ["challenge", terms.challengeSeconds],
    ["challenge", terms.challengeSeconds, { attestedMask: 0b0011n }],
    ["challenge", terms.demandSeconds, { attestedMask: 0b0111n }],
    ["score", terms.scoreSeconds],
  ];
  for (const [phase, seconds, change] of LENGTHS) {
    it(`waits for ${seconds} seconds where ${phase} is not complete${change === undefined ? "" : ` (${Object.keys(change)[0]!})`}`, () => {
      // Member 5 holds the last seat: three turns after the first, or two where that one is gone.
      const turns = change?.liveSeats === undefined ? 3 : 2;
      const one = peer(5).after(see(viewIn(phase, change)));
      const due = seconds + turns * RELAY;
      expect(one.at(due - 0.5).types).not.to.include("advance");
      expect(one.at(due).types).to.include("advance");
    });
  }

  it("waits for a phase's blocks as well as for its seconds, unless it is complete", () => {
    const one = peer(3);
    one.state = { ...one.state, settings: { ...one.state.settings, terms: { ...terms, phaseBlocks: 9 } } };
    one.now = START + terms.commitSeconds;
    // Phases started in block 77; the transaction would come into the block after the one that was seen.
    expect(one.after(see(viewIn("commit", { blockNumber: 84 }))).types).not.to.include("advance");
    expect(one.after(see(viewIn("commit", { blockNumber: 85 }))).types).to.include("advance");
    const complete = viewIn("commit", { blockNumber: 78, committedMask: 0b11111n, phaseStart: START + 5 });
    expect(one.after(see({ ...complete, phaseStartBlock: 78 })).types).to.include("advance");
  });

  it("ends Propose at once where those that are left could settle nothing, and proposes nothing", () => {
    const few = see(viewIn("propose", { liveSeats: 0b0110n }));
    const one = peer(1).after(few, ...checked(0, 2, 3, 4), aggregated());
    expect(one.types).to.include("advance");
    expect(one.at(4 * terms.slotSeconds).types).not.to.include("propose");
  });

  it("ends Propose at once where no live seat is left, and nothing ended", () => {
    const fallen = viewIn("propose", { firstSlot: 2, liveSeats: 0b0011n });
    expect(peer(3).after(see(fallen)).types).to.include("advance");
    expect(peer(3).after(see(ended)).wakeAt).to.equal(Infinity);
  });

  it("starts the job when enough have joined, otherwise at the deadline", () => {
    const joining = { ...viewIn("joining"), round: 0 };
    expect(peer(0).after(see(joining)).types).to.deep.equal(["advance"]);
    const waiting = peer(0).after(see(joining, members.slice(0, 3)));
    expect(waiting.types).to.deep.equal([]);
    expect(waiting.wakeAt).to.equal(START + terms.joinSeconds);
  });
});

describe("a peer before the draw", () => {
  const without = (...ids: readonly number[]): Member[] =>
    members.map((member, id) => (ids.includes(id) ? { ...member, weight: 0 } : member));

  it("takes its turn by its id, another first one each round", () => {
    const waits = (round: number): number[] =>
      members.map((_, id) => {
        const one = peer(id).after(see(viewIn("draw", { round })));
        return one.types.includes("advance") ? 0 : (one.wakeAt - START) / RELAY;
      });
    expect(waits(4)).to.deep.equal([2, 3, 4, 5, 0, 1]);
    expect(waits(5)).to.deep.equal([1, 2, 3, 4, 5, 0]);
    expect(waits(12)).to.deep.equal([0, 1, 2, 3, 4, 5]);
  });

  it("waits for candidates as long as members had to join, where fewer than three are left", () => {
    const suspended = without(0, 1, 2, 3).map((member) =>
      member.weight === 0 ? { ...member, ejected: true } : member,
    );
    const one = peer(4).after(see(viewIn("draw"), suspended));
    expect(one.types).to.deep.equal([]);
    expect(one.wakeAt).to.equal(START + terms.joinSeconds);
    expect(one.at(terms.joinSeconds).types).to.deep.equal(["advance"]);
  });

  it("draws at once where three are left, or where those who wait in the queues make three", () => {
    const three = without(0, 1, 2).map((member) => ({ ...member, active: member.weight > 0 }));
    // Of 3, 4 and 5 it is the second, and its turn is the first one in round 4.
    expect(peer(4).after(see(viewIn("draw"), three)).types).to.deep.equal(["advance"]);
    const waiting = peer(5).after(see(viewIn("draw"), without(0, 1, 2, 3)));
    expect(waiting.types).to.deep.equal([]);
    expect(waiting.at(RELAY).types).to.deep.equal(["advance"]);
  });

  it("that was ejected only follows the model", () => {
    const ejected = members.with(4, { ...members[4]!, ejected: true, weight: 0 });
    expect(
      peer(4)
        .after(see(viewIn("draw"), ejected))
        .at(100_000).types,
    ).to.deep.equal([]);
    expect(peer(4, keccakWords(1)).after(see(viewIn("draw"), ejected)).types).to.deep.equal(["sync"]);
  });
});

describe("a member that missed something", () => {
  const suspended = (until: number, weight = 1): Member[] =>
    members.with(0, { ...members[0]!, suspendedUntil: until, weight });

  it("comes back once its draws are over", () => {
    const phase = { cohort: [1, 2, 3], committedMask: 0n } as const;
    expect(peer(0).after(see(viewIn("commit", phase), suspended(5))).types).to.deep.equal([]);
    expect(peer(0).after(see(viewIn("commit", { ...phase, round: 5 }), suspended(5))).types).to.deep.equal([]);
    const one = peer(0).after(see(viewIn("commit", { ...phase, round: 5 }), suspended(5, 0)));
    expect(one.only("resume")).to.deep.equal({ type: "resume", memberId: 0 });
    expect(one.after(see(viewIn("commit", { ...phase, round: 5 }), suspended(0, 0))).types).to.deep.equal([]);
  });

  it("comes back at once where fewer than three are left to draw from", () => {
    const few = suspended(9, 0).map((member, id) => (id > 2 ? { ...member, weight: 0, ejected: true } : member));
    expect(peer(0).after(see(viewIn("draw"), few)).types).to.include("resume");
    expect(peer(3).after(see(viewIn("draw"), few)).types).to.deep.equal([]);
  });

  it("does not come back once it has left, or when the job is over", () => {
    const left = suspended(3).with(0, { ...suspended(3)[0]!, active: false });
    expect(peer(0).after(see(viewIn("commit"), left)).types).not.to.include("resume");
    expect(peer(0).after(see(viewIn("finished"), suspended(3))).types).to.deep.equal([]);
  });
});

describe("a peer in Commit", () => {
  const commit = see(viewIn("commit"));
  const commits = COHORT.map((id) => said(id, commitOf(id)));
  const late = (part: number): number => part * terms.commitSeconds;

  it("says what it commits to, once it is trained, and repeats it until it stands on the chain", () => {
    const one = peer(2).after(commit, trained(2));
    expect(one.types).to.deep.equal(["train", "publish Commit"]);
    expect(one.only("publish").body).to.deep.equal(commitOf(2));
    expect(one.at(5 * RETRY - 0.1).types).to.deep.equal([]);
    expect(one.at(5 * RETRY).types).to.deep.equal(["publish Commit"]);
    one.after(see(viewIn("commit", { committedMask: 0b100n })));
    expect(one.at(20 * RETRY).types).to.deep.equal([]);
  });

  it("as the first seat posts all commits in one transaction, the moment the cohort is complete", () => {
    const one = peer(3).after(commit, ...commits.slice(1));
    expect(one.types).not.to.include("commitBatch");
    const effect = one.after(commits[0]!).only("commitBatch");
    expect(effect.commits.map(({ position }) => position)).to.deep.equal([1, 2, 3, 4, 0]);
    expect(effect.commits[0]).to.deep.include({ commitment: updateOf(1).commitment });
  });

  it("counts those that stand on the chain already, and posts them no second time", () => {
    const some = see(viewIn("commit", { committedMask: 0b01101n }));
    const effect = peer(3).after(some, commits[1]!, commits[2]!, commits[4]!).only("commitBatch");
    expect(effect.commits.map(({ position }) => position)).to.deep.equal([1, 4]);
  });

  it("waits for its turn to post, the others in the order of the relays", () => {
    const one = peer(4).after(commit, ...commits);
    expect(one.at(2 * RELAY - 0.1).types).not.to.include("commitBatch");
    expect(one.at(2 * RELAY).types).to.include("commitBatch");
  });

  it("posts what there is when seven tenths of the phase are over", () => {
    const one = peer(1).after(commit, commits[0]!, commits[2]!);
    expect(one.at(late(0.7) + RELAY - 0.1).types).not.to.include("commitBatch");
    const effect = one.at(late(0.7) + RELAY).only("commitBatch");
    expect(effect.commits.map(({ position }) => position)).to.deep.equal([0, 2]);
  });

  it("commits by itself late in the phase, where nobody has posted its commit", () => {
    const one = peer(2).after(commit, trained(2));
    expect(one.at(late(0.85) - 1).types).not.to.include("commit");
    expect(one.at(late(0.85)).only("commit")).to.deep.equal({
      type: "commit",
      round: 4,
      position: 2,
      commitment: updateOf(2).commitment,
    });
  });

  it("gives the relays two turns first, where it was trained later than that, but not beyond the phase", () => {
    const slow = peer(2).after(commit);
    slow.now = START + late(0.9);
    slow.after(trained(2));
    expect(slow.at(late(0.9) + 2 * RELAY - 0.1).types).not.to.include("commit");
    expect(slow.at(late(0.9) + 2 * RELAY).types).to.include("commit");
    const last = peer(2).after(commit);
    last.now = START + terms.commitSeconds - 4;
    last.after(trained(2));
    expect(last.at(terms.commitSeconds - 3).types).to.include("commit");
  });

  it("passes where training gave nothing", () => {
    const one = peer(2).after(commit, { type: "passed", round: 4 });
    expect(one.only("publish").body).to.deep.equal(commitOf(2, PASS));
    expect(one.at(late(0.85)).only("commit").commitment).to.equal(PASS);
  });

  it("passes at half-time where it still lacks the round's model, and stands by it when the model comes", () => {
    const behind = peer(0, keccakWords(1)).after(commit);
    expect(behind.types).to.deep.equal(["sync"]);
    expect(behind.at(late(0.5) - 1).types).to.deep.equal([]);
    expect(behind.at(late(0.5)).only("publish").body).to.deep.equal(commitOf(0, PASS));
    behind.after(said(0, commitOf(0, PASS)), { type: "model", modelId: MODEL });
    expect(behind.types).to.deep.equal([]);
  });

  it("opens nothing where its pass stands", () => {
    // The bit of a pass leaves the mask when Commit ends.
    const passed = see(viewIn("share", { committedMask: 0b11011n }));
    expect(peer(2).after(passed, { type: "passed", round: 4 }).types).to.deep.equal([]);
  });

  it("believes an author's first commit only, and nobody's but the cohort's", () => {
    const one = peer(3).after(commit, commits[1]!, said(1, commitOf(1, PASS)), said(5, commitOf(5, PASS)));
    expect([...one.state.memory.commits.keys()]).to.deep.equal([1]);
    expect(one.state.memory.commits.get(1)?.commitment).to.equal(updateOf(1).commitment);
  });

  it("keeps what is signed for another seed apart", () => {
    const other = { ...commitOf(1), seed: keccakWords(8) } as ReturnType<typeof commitOf>;
    const one = peer(3).after(commit, said(1, other));
    expect(one.state.memory.commits.size).to.equal(0);
    expect(one.after(see(viewIn("commit", { seed: keccakWords(8) }))).state.memory.commits.size).to.equal(1);
  });

  it("keeps to the update that it trained first, for that may be committed", () => {
    const other = { ...updateOf(2), salt: keccakWords(5), commitment: keccakWords(6) };
    const one = peer(2).after(see(viewIn("commit")), trained(2), { type: "trained", round: 4, update: other });
    expect(one.state.memory.update).to.deep.equal(updateOf(2));
  });

  it("takes the end of last round's training for nothing", () => {
    const one = peer(0).after(see(viewIn("commit")));
    const stale = one.ended("train", true);
    one.after(see(viewIn("commit", { round: 5, seed: keccakWords(8) })));
    expect(one.types).to.deep.equal(["train"]);
    one.after(stale, { type: "trained", round: 4, update: updateOf(0) });
    expect(one.types).to.deep.equal([]);
    expect(one.state.memory.update).to.equal(undefined);
    expect(one.at(10 * RETRY).types).to.deep.equal([]);
  });

  it("goes on with a sync over the draw of the next round, rather than starting it a second time", () => {
    const behind = peer(0, keccakWords(1)).after(see(viewIn("draw", { round: 5 })));
    expect(behind.types).to.include("sync");
    expect(behind.after(see(viewIn("commit", { round: 5, seed: keccakWords(8) }))).types).to.deep.equal([]);
  });
});

describe("a peer in Share", () => {
  const share = see(viewIn("share"));

  it("publishes its opening again and again, until it is opened and certified", () => {
    const one = peer(0).after(share, trained(0));
    expect(one.only("publish").body).to.deep.equal(openingOf(0));
    expect(one.at(RETRY).types).to.deep.equal(["publish Opening"]);
    const opened = viewIn("share", { openedMask: 1n, bitmaps: [0n, 0n, 0n, 0n] });
    const posted = { ...opened, updateRoots: opened.updateRoots.with(0, updateOf(0).updateRoot) };
    expect(one.after(see(posted)).at(2 * RETRY).types).to.deep.equal(["publish Opening"]);
    const certified = { ...posted, bitmaps: [1n, 1n, 1n, 0n] };
    expect(one.after(see(certified)).at(3 * RETRY).types).to.deep.equal([]);
  });

  it("publishes its opening though its member asks to leave", () => {
    const leaving = members.with(0, { ...members[0]!, active: false });
    const one = peer(0).after(see(viewIn("share"), leaving), trained(0));
    expect(one.types).to.deep.equal(["publish Opening"]);
  });

  it("as a seat fetches each update once, from its owner and then from who certified it", () => {
    const one = peer(5).after(share, said(1, bitmapOf(1, 0b00101n)), openings[2]!, openings[2]!);
    expect(one.only("fetchUpdate")).to.deep.equal({
      type: "fetchUpdate",
      round: 4,
      updateRoot: updateOf(2).updateRoot,
      holders: [operators[2], operators[1]],
    });
  });

  it("as a seat checks nothing with an older model, whose exponent would refuse honest updates", () => {
    const behind = peer(5, keccakWords(1)).after(share, ...openings);
    expect(behind.types).to.deep.equal(["sync"]);
    expect(behind.after({ type: "model", modelId: MODEL }).types).to.include("fetchUpdate");
  });

  it("certifies when all is checked, at once", () => {
    const one = peer(4).after(share, ...openings, ...checked(0, 1, 2));
    expect(one.types).not.to.include("publish Bitmap");
    expect(one.after(...checked(3)).only("publish").body).to.deep.equal(bitmapOf(2, allBut(4)));
  });

  it("certifies what it has at half-time, and never an update that it refused", () => {
    const refusal: PeerEvent = { type: "checked", round: 4, updateRoot: updateOf(1).updateRoot, ok: false };
    const one = peer(5).after(share, openings[0]!, openings[1]!, ...checked(0), refusal);
    expect(one.types).not.to.include("publish Bitmap");
    expect(one.at(terms.shareSeconds / 2).only("publish").body).to.deep.equal(bitmapOf(3, 0b00001n));
    const all = peer(5).after(share, ...openings, ...checked(0, 2, 3, 4), refusal);
    expect(all.only("publish").body).to.deep.equal(bitmapOf(3, 0b11101n));
  });

  it("as the first seat posts everything in one transaction the moment it is complete", () => {
    const one = peer(3).after(share, ...openings, ...bitmaps.slice(0, 2));
    expect(one.types).not.to.include("share");
    // Three of four are a quorum for everybody; the fourth need not be waited for.
    const effect = one.after(bitmaps[2]!).only("share");
    expect(effect.openings.map(({ position }) => position)).to.deep.equal(COHORT);
    expect(effect.bitmaps.map(({ seat, bits }) => [seat, bits])).to.deep.equal(
      SEATS.slice(0, 3).map((id, seat) => [seat, allBut(id)]),
    );
  });

  it("waits for its turn to post, and leaves it when somebody was faster", () => {
    const one = peer(4).after(share, ...openings, ...bitmaps);
    expect(one.at(2 * RELAY - 0.1).types).not.to.include("share");
    expect(one.at(2 * RELAY).types).to.include("share");
    const posted = viewIn("propose", { phase: "share", bitmaps: SEATS.map(allBut) });
    expect(
      peer(4)
        .after(share, ...openings, ...bitmaps, see(posted))
        .at(3 * RELAY).types,
    ).not.to.include("share");
  });

  it("posts what there is from half-time on, each peer in its turn", () => {
    const half = terms.shareSeconds / 2;
    const one = peer(1).after(share, openings[0]!, openings[2]!);
    expect(one.at(half + RELAY - 0.1).types).not.to.include("share");
    expect(
      one
        .at(half + RELAY)
        .only("share")
        .openings.map(({ position }) => position),
    ).to.deep.equal([0, 2]);
    const late = peer(1)
      .at(half + 50)
      .after(share, openings[0]!);
    expect(late.types).not.to.include("share");
    expect(late.at(half + 50 + RELAY).types).to.include("share");
  });

  it("saves its own bond when nobody has posted its opening", () => {
    const one = peer(2).after(share, trained(2), openings[2]!);
    // All others fail to post for it, and so did this peer at its turn.
    one.at(terms.shareSeconds / 2 + 7 * RELAY);
    expect(one.only("share").openings.length).to.equal(1);
    const rescue = one.at(0.7 * terms.shareSeconds).only("share");
    expect(rescue).to.deep.include({ bitmaps: [] });
    expect(rescue.openings.map(({ position }) => position)).to.deep.equal([2]);
  });

  it("neither certifies nor posts a bitmap for a seat that is dead", () => {
    const dead = see(viewIn("share", { liveSeats: 0b1011n }));
    expect(peer(4).after(dead, ...openings, ...checked(0, 1, 2, 3)).types).not.to.include("publish Bitmap");
    const one = peer(3).after(dead, bitmaps[2]!);
    expect(one.at(terms.shareSeconds / 2 + 10 * RELAY).types).not.to.include("share");
  });

  it("posts no bitmap for a bit that cannot count", () => {
    const own = said(3, bitmapOf(0, 0b01000n));
    const one = peer(3).after(share, own);
    expect(one.at(terms.shareSeconds / 2 + 10 * RELAY).types).not.to.include("share");
  });

  it("drops openings that are not of their author, or not what was committed", () => {
    const { type, ...rest } = openingOf(2) as Extract<ReturnType<typeof openingOf>, { type: "Opening" }>;
    const one = peer(5).after(
      share,
      said(1, openingOf(2)),
      said(2, { type, ...rest, exampleCount: 99 }),
      said(2, { type, ...rest, round: 3 }),
    );
    expect(one.types).to.deep.equal([]);
    expect(one.state.memory.openings.size).to.equal(0);
  });
});

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
    expect(effect.scoreCommits.map(({ seat }) => seat)).to.deep.equal([1, 2, 3, 0]);
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

  it("drops vectors that the contract would skip, and those that are not what was committed", () => {
    const half = scoreOpeningOf(1);
    const body = { ...half, vector: `${(half as { vector: string }).vector.slice(0, -4)}0001` } as typeof half;
    const other = { ...half, salt: keccakWords(3) } as typeof half;
    const one = peer(3).after(score, scoreCommits[1]!, said(1, body), said(1, other), said(4, half));
    expect(one.state.memory.scoreOpenings.size).to.equal(0);
    expect(one.after(said(1, half)).state.memory.scoreOpenings.size).to.equal(1);
  });
});

describe("messages that come early", () => {
  it("wait for the view that they need", () => {
    const next = { ...openingOf(0), round: 5, seed: keccakWords(8) } as ReturnType<typeof openingOf>;
    const one = peer(5).after(see(viewIn("commit")), openings[0]!, said(0, next));
    expect(one.types).to.deep.equal([]);
    expect(one.state.early.length).to.equal(2);
    expect(one.after(see(viewIn("share"))).types).to.deep.equal(["fetchUpdate"]);
    // That of the next round still waits.
    expect(one.state.early.map(({ message }) => message.body.round)).to.deep.equal([5]);
  });

  it("of one author fill no more than its share of the room, and a repeated one none", () => {
    const junk = Array.from({ length: 40 }, (_, i) =>
      said(2, { ...bitmapOf(0, 1n), seed: keccakWords(i) } as ReturnType<typeof bitmapOf>),
    );
    const one = peer(5).after(...junk, openings[0]!, openings[0]!, openings[0]!);
    expect(one.state.early.filter(({ author }) => author === operators[2]).length).to.equal(10);
    expect(one.state.early.filter(({ author }) => author === operators[0]).length).to.equal(1);
  });

  it("are never believed from a round that is over", () => {
    const one = peer(3).after(see(viewIn("share", { round: 5 })), said(1, bitmapOf(1, 1n)));
    expect(one.state.memory.bitmaps.size).to.equal(0);
    expect(one.state.early).to.deep.equal([]);
  });
});

describe("a peer that restarts", () => {
  const CASES: readonly (readonly [
    phase: Parameters<typeof viewIn>[0],
    id: number,
    stored: readonly PeerEvent[],
    effects: readonly string[],
  ])[] = [
    ["commit", 2, [trained(2)], ["train", "publish Commit"]],
    ["share", 2, [trained(2)], ["publish Opening"]],
    [
      "share",
      4,
      [trained(4), ...openings],
      ["publish Opening", "fetchUpdate", "fetchUpdate", "fetchUpdate", "fetchUpdate", "fetchUpdate"],
    ],
    [
      "propose",
      3,
      [trained(3), ...checked(0, 1, 2, 4), aggregated()],
      ["fetchUpdate", "fetchUpdate", "fetchUpdate", "fetchUpdate", "aggregate", "score", "propose"],
    ],
    [
      "challenge",
      1,
      [trained(1), scored(1), ...checked(0, 2, 3, 4), aggregated()],
      [
        "fetchUpdate",
        "fetchUpdate",
        "fetchUpdate",
        "fetchUpdate",
        "publish ScoreCommit",
        "aggregate",
        "publish Attestation",
      ],
    ],
    ["score", 4, [trained(4), scored(4)], ["publish ScoreOpening"]],
  ];
  for (const [phase, id, stored, effects] of CASES) {
    it(`goes on in ${phase} with what is on its disk (member ${id})`, () => {
      expect(peer(id).after(see(viewIn(phase)), ...stored).types).to.deep.equal(effects);
    });
  }

  it("does not train again when its commit already stands", () => {
    const one = peer(2).after(see(viewIn("commit", { committedMask: 0b100n })));
    expect(one.types).to.deep.equal([]);
  });
});
