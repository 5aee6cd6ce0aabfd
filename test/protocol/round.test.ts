import { expect } from "chai";
import { describe, it } from "mocha";
import { keccakWords } from "../../node/core/bytes.ts";
import { postingDeadline } from "../../node/protocol/completion.ts";
import type { PeerEvent } from "../../node/protocol/events.ts";
import { attestations, bitmaps, openings, trained, scored } from "./messagesOfARound.ts";
import {
  checked,
  aggregated,
  bitmapOf,
  members,
  MODEL,
  openingOf,
  operators,
  OUTSIDER,
  peer,
  RELAY,
  RETRY,
  said,
  see,
  START,
  terms,
  viewIn,
} from "./situation.ts";

// Seats: 0 is member 3, 1 is member 1, 2 is member 4, 3 is member 5 (who does not train). Members 0 and 2 only train.
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
    ["a member that trains and watches", 2, "propose", Array.from({ length: 4 }, () => "fetchUpdate")],
    ["the aggregator", 3, "propose", Array.from({ length: 4 }, () => "fetchUpdate")],
    ["a seat that does not train", 5, "propose", Array.from({ length: 5 }, () => "fetchUpdate")],
    ["a member without a seat", 0, "challenge", ["fetchAggregate", ...Array.from({ length: 4 }, () => "fetchUpdate")]],
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

  for (const phase of ["joining", "draw", "commit", "share", "score"] as const) {
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

  it("wants its postings until a minute after the phase could end, or from now where it could have ended long since", () => {
    const one = peer(5).after(see(viewIn("share")));
    const end = START + terms.shareSeconds;
    expect(postingDeadline(one.state, START)).to.equal(end + 60);
    expect(postingDeadline(one.state, end + 500)).to.equal(end + 560);
    const complete = one.after(see(viewIn("commit", { committedMask: 0b11111n })));
    expect(postingDeadline(complete.state, START + 1)).to.equal(START + 61);
    expect(postingDeadline(one.after(see(viewIn("finished"))).state, START)).to.equal(Infinity);
  });

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
