import { expect } from "chai";
import { concat, hexlify, sha256 } from "ethers";
import hre from "hardhat";
import { before, describe, it } from "mocha";
import { keccakWords, toHex, type Hex } from "../../node/core/bytes.ts";
import { encodeAggregate } from "../../node/core/fixedPoint.ts";
import { bitsOf } from "../../node/core/roundView.ts";
import { bitmapOf, openingOf, scoreOpeningOf, signedCommitOf } from "./messages.ts";
import {
  everyone,
  memberOf,
  PHASE,
  phaseOf,
  receiptOf,
  updateOf,
  viewOf,
  waitLong,
  type Player,
  type Step,
} from "./player.ts";
import {
  advance,
  attestAll,
  commitAll,
  draw,
  includedOf,
  playToPropose,
  proposeFrom,
  proposeRight,
  shareAll,
} from "./round.ts";
import { playingFrom, startedJob } from "./startingFrom.ts";
import { demand } from "./trial.ts";
import { as, ETHER, makeParticipants, read } from "./world.ts";

/** EIP-7825: what a transaction may cost on the chain since Osaka. */
const CAP = 16_777_216;

async function gasOf(step: Step): Promise<number> {
  return Number((await receiptOf(step)).gasUsed);
}

/** Terms in which everything is as large as the factory allows. */
const LARGEST = {
  cohortSize: 64,
  committeeSize: 32,
  rounds: 9,
  suspendDraws: 2,
  minCommits: 3,
  unbondSeconds: 500 + 32 * 700 + 300,
} as const;

function underCoverage(): boolean {
  return hre.globalOptions.coverage; // counting lines costs gas
}

describe("threat: unbounded loops and gas griefing", function () {
  this.timeout(120_000);
  before(function () {
    if (underCoverage()) this.skip();
  });
  /** 64 members who all train, 32 of whom sit; everybody else who may be needed is registered. */
  const player = playingFrom(async () => {
    const started = await startedJob(64, LARGEST);
    return { ...started, members: [...started.members, ...(await makeParticipants(started.world, 40, 500))] };
  });
  const costs = async (name: string, step: Step): Promise<void> => {
    const gas = await gasOf(step);
    expect(gas, `${name}: ${gas}`).to.be.lessThan(CAP);
  };

  it("find no transition of a first round at the largest terms beyond the cap: all slots are new", async () => {
    await costs("draw", draw(player()));
    await costs("commits", commitAll(player()));
    await costs("share", shareAll(player()));
    const root = keccakWords(1);
    await costs("propose", proposeFrom(player(), 0, root));
    await costs("attest", attestAll(player()));
    const view = await viewOf(player());
    const openings = bitsOf(view.liveSeats).map((seat) => scoreOpeningOf(view, seat));
    await costs("scores", player().job.openScores(openings));
    expect((await viewOf(player())).round).to.equal(2n);
  });

  it("find no deadline beyond the cap at which all members, or all seats, have missed something", async () => {
    await draw(player());
    await commitAll(player());
    await waitLong(player());
    await costs("64 openings missed", advance(player()));
    await draw(player());
    const { phase } = await viewOf(player());
    expect(phase).to.equal(PHASE.commit);
    await costs("64 suspensions at the close", commitAll(player()));
  });

  it("find no close of slots or scores beyond the cap at which 32 seats are slashed and suspended", async () => {
    await playToPropose(player());
    const snapshot = await player().world.helpers.takeSnapshot();
    await player().world.helpers.mine(70, { interval: 50 });
    await costs("32 slots missed", advance(player()));
    await snapshot.restore();
    await player().world.helpers.mine(70, { interval: 50 });
    await costs("31 slots missed by who posts in the last", proposeFrom(player(), 31, keccakWords(1)));
    await attestAll(player());
    await waitLong(player());
    await costs("32 scores missed", advance(player()));
  });

  it("find no demand, answer or verdict beyond the cap, though 31 seats have certified what nobody shows", async () => {
    await playToPropose(player());
    await proposeRight(player());
    const view = await viewOf(player());
    await costs("demand over 64 updates", demand(player(), updateOf(player(), view, 9), [10, 2, 0]));
    await player().world.helpers.mine(4, { interval: 100 });
    await costs("an update that 31 have certified", advance(player()));
    expect(includedOf(player(), await viewOf(player()))).to.have.length(63);
  });

  it("find no close of commits beyond the cap, though 64 leave and 40 come in the same round, and all 64 commit in it", async () => {
    const { job, members } = player();
    await draw(player());
    for (const { wallet } of members.slice(0, 64)) await as(job, wallet).leaveJob();
    for (const { wallet } of members.slice(64)) await as(job, wallet).join(100n * ETHER);
    await costs("96 changes of the roster", commitAll(player()));
    await waitLong(player());
    await advance(player());
    await draw(player());
    expect((await viewOf(player())).cohort).to.have.length(32); // of those who came; the last eight wait a round
  });

  it("find none either where nobody of those who leave is drawn, so that all stakes unbond at once", async () => {
    const started = await startedJob(64, { ...LARGEST, cohortSize: 3, committeeSize: 3 });
    const crowd = await makeParticipants(started.world, 32, 700);
    await draw(started);
    for (const { wallet } of started.members) await as(started.job, wallet).leaveJob();
    for (const { wallet } of crowd) await as(started.job, wallet).join(100n * ETHER);
    await costs("64 unbondings and 32 arrivals", commitAll(started));
    const drawn = new Set([...(await viewOf(started)).cohort, ...(await viewOf(started)).seats].map(Number));
    for (const [id, { walletAddress }] of started.members.entries()) {
      const time = await read(started.world.treasury, "withdrawableAt", started.job, walletAddress);
      expect(time > 0n, `member ${id}`).to.equal(!drawn.has(id));
    }
  });

  it("find the largest proof under the cap: 64 updates, 21 levels of siblings, 32 seats convicted", async () => {
    const started = await startedJob(64, { ...LARGEST, vectorLength: 2 ** 28 });
    await costs("largest proof", proveLargest(started));
    expect(await phaseOf(started)).to.equal(PHASE.propose);
  });

  it("are not paid for by others: garbage in a batch costs who posts it, and takes nothing from the rest of the batch", async () => {
    const { job, world } = player();
    await draw(player());
    const view = await viewOf(player());
    const garbage = Array.from({ length: 200 }, (_, index) => ({
      ...signedCommitOf(player(), view, index % 64),
      commitment: keccakWords(index),
    }));
    await costs("200 bad signatures", as(job, world.sponsor).commitBatch(garbage));
    expect((await viewOf(player())).committedMask).to.equal(0n);
    await job.commitBatch([...garbage.slice(0, 50), signedCommitOf(player(), view, 7), ...garbage.slice(50, 99)]);
    expect((await viewOf(player())).committedMask).to.equal(1n << 7n);
  });

  it("gain nothing from posting for others a little at a time: what is posted once is skipped, and cheap", async () => {
    const { job, world } = player();
    await draw(player());
    await commitAll(player());
    const view = await viewOf(player());
    const openings = [...view.cohort.keys()].map((position) => openingOf(player(), view, position));
    const bitmaps = view.seats.map((_, seat) => bitmapOf(player(), view, seat, everyone(view)));
    const griefer = as(job, world.sponsor);
    for (const opening of openings.slice(0, 40)) await griefer.share([opening], []);
    for (const bitmap of bitmaps.slice(0, 8)) await griefer.share([], [bitmap]);
    await costs("the whole, of which half is there already", job.share(openings, bitmaps));
    expect(await viewOf(player())).to.include({ phase: PHASE.propose, includedMask: everyone(view) });
  });

  it("cannot be set up by a crowd that joins: a round's close takes 32 of them, however many wait", async () => {
    const { job, members } = player();
    for (const { wallet } of members.slice(64)) await as(job, wallet).join(100n * ETHER);
    await draw(player());
    await as(job, memberOf(player(), 5).wallet).leaveJob();
    await costs("32 arrivals of 40", commitAll(player()));
    await waitLong(player());
    await advance(player());
    await draw(player());
    const { cohort } = await viewOf(player());
    expect(cohort).to.have.length(64);
    expect(cohort).to.not.include(5n); // who leaves does not wait behind the crowd
  });
});

/** Leaves in trees of 2^21 leaves of which nobody has seen the rest: the siblings are made up. */
const DEPTH = 21;
const SIBLINGS: readonly Hex[] = Array.from({ length: DEPTH }, (_, level) => keccakWords(0x51b, level));

function rootAbove(leaf: Hex): Hex {
  let node = sha256(concat(["0x00", leaf]));
  for (const sibling of SIBLINGS) node = sha256(concat(["0x01", node, sibling]));
  return node as Hex;
}

/** Plays a round of made-up trees to a wrong aggregate that all attest, and proves coordinate 0. */
async function proveLargest(player: Player): Step {
  const leaves = new Map<number, Hex>();
  await draw(player);
  const view = await viewOf(player);
  for (const id of view.cohort.map(Number)) {
    const leaf = new Uint8Array(256).map((_, at) => (at * 31 + id * 17 + 1) & 0x7f);
    leaves.set(id, toHex(leaf));
    const tree = { root: rootAbove(toHex(leaf)), depth: DEPTH, levels: [], leafBytes: 256 };
    player.replaced.set(id, {
      values: new Int16Array(0),
      bytes: leaf,
      tree,
      exampleCount: 3 + id,
      salt: keccakWords(id),
    });
  }
  await commitAll(player);
  await shareAll(player);
  const aggregateLeaf = hexlify(encodeAggregate(new Int32Array(128).fill(5))) as Hex;
  await proposeFrom(player, 0, rootAbove(aggregateLeaf));
  const updates = includedOf(player, await viewOf(player));
  // All attest; scores are left out, so that the window stays open.
  await attestAll(player, bitsOf((await viewOf(player)).liveSeats), []);
  return await player.world.court.proveWrongLeaf(player.job, {
    coordinate: 0,
    updates,
    updateLeaves: updates.map(({ memberId }) => ({ leaf: leaves.get(memberId)!, siblings: SIBLINGS })),
    aggregateLeaf: { leaf: aggregateLeaf, siblings: SIBLINGS },
  });
}
