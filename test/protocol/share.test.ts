import { expect } from "chai";
import { describe, it } from "mocha";
import { keccakWords, type Hex } from "../../node/core/bytes.ts";
import type { PeerEvent } from "../../node/protocol/events.ts";
import { openings, allBut, bitmaps, trained } from "./messagesOfARound.ts";
import {
  bitmapOf,
  checked,
  COHORT,
  members,
  MODEL,
  openingOf,
  operators,
  peer,
  RELAY,
  RETRY,
  said,
  SEATS,
  see,
  terms,
  updateOf,
  viewIn,
} from "./situation.ts";

// Seats: 0 is member 3, 1 is member 1, 2 is member 4, 3 is member 5 (who does not train). Members 0 and 2 only train.

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

  it("opens nothing for a commitment at its position that is not its own", () => {
    const view = viewIn("share");
    const foreign = { ...view, updateRoots: view.updateRoots.with(0, `${keccakWords(9).slice(0, 64)}00` as Hex) };
    expect(peer(0).after(see(foreign), trained(0)).types).to.deep.equal([]);
    const opened = { ...foreign, openedMask: 1n, updateRoots: view.updateRoots.with(0, keccakWords(9)) };
    expect(peer(0).after(see(opened), trained(0)).types).to.deep.equal([]);
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

  it("adds to what it certified before a restart, though it has yet to check that again", () => {
    const before = said(3, bitmapOf(0, 0b00001n));
    const restarted = peer(3).after(share, ...openings, before);
    expect(restarted.types).not.to.include("publish Bitmap");
    const again = restarted.after(...checked(1, 2, 4)).only("publish");
    expect(again.body).to.deep.equal(bitmapOf(0, allBut(3)));
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

  it("saves its own bond soon after others have posted theirs without it, because nobody hears of it", () => {
    const half = terms.shareSeconds / 2;
    const passedOver = see(viewIn("share", { openedMask: 0b01011n }));
    const one = peer(2).after(share, trained(2), openings[2]!).at(half);
    const postsOwn = (): boolean =>
      one.effects.some(
        (effect) => effect.type === "share" && effect.bitmaps.length === 0 && effect.openings.length === 1,
      );
    one.after(passedOver);
    expect(postsOwn()).to.equal(false);
    one.at(half + 2 * RELAY);
    expect(postsOwn()).to.equal(true);
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
