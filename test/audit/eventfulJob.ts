import type { BlobSource } from "../../node/audit/aggregates.ts";
import type { Hex } from "../../node/core/bytes.ts";
import { encodeAggregate, encodeUpdate, UPDATE_LEAF_BYTES } from "../../node/core/fixedPoint.ts";
import { buildTree } from "../../node/core/merkle.ts";
import { bitsOf, fullMask, quorumOf } from "../../node/core/roundView.ts";
import { genesisHash } from "../../node/daemon/job/jobSpec.ts";
import { Game } from "../conformance/chain/game.ts";
import type { RealChain, RealJob } from "../conformance/chain/real.ts";
import { proofOf, rootOfAggregate } from "../helpers/roundPlayer.ts";

/** A job played on a real chain, with the blobs of all its rounds. */
export interface PlayedJob {
  readonly job: RealJob;
  readonly blobs: Map<Hex, Uint8Array>;
  readonly params: Float32Array;
}

const LENGTH = 300;
const PARAMS = Float32Array.from({ length: LENGTH }, (_, index) => Math.fround(Math.sin(index)));

/** Keeps the blobs of what is played. */
class KeepingGame extends Game {
  readonly blobs = new Map<Hex, Uint8Array>();

  get everybody(): number[] {
    return this.player.view.cohort.map((_, position) => position);
  }

  /** @param silent positions that do not open */
  async toProposing(silent: readonly number[] = []): Promise<void> {
    await this.draw();
    const opened = this.everybody.filter((position) => !silent.includes(position));
    await this.commitBatch();
    await this.share(opened);
    if (silent.length > 0) {
      await this.job.passTime(this.job.terms.shareSeconds);
      await this.chain().advance();
    }
    for (const position of opened) {
      const bytes = encodeUpdate(this.player.values(position));
      this.blobs.set(buildTree(bytes, UPDATE_LEAF_BYTES).root, bytes);
    }
  }

  override async draw(): ReturnType<Game["draw"]> {
    await this.job.mine(1);
    return super.draw();
  }

  async settleRound(): Promise<void> {
    const { includedMask } = await this.view();
    const values = this.player.aggregate(includedMask);
    this.blobs.set(rootOfAggregate(values), encodeAggregate(values));
    await this.settle();
  }
}

/** What `blobs` holds, as an audit reads it. */
export function sourceOf(blobs: ReadonlyMap<Hex, Uint8Array>): BlobSource {
  return {
    read(root) {
      const bytes = blobs.get(root);
      return Promise.resolve(bytes === undefined ? undefined : { bytes, where: `the blob ${root}` });
    },
  };
}

/** Rounds in which nothing goes wrong. */
export async function playQuietJob(chain: RealChain, rounds: number): Promise<PlayedJob> {
  const job = await chain.openJob({ rounds, genesisHash: genesisHash(PARAMS) });
  const game = new KeepingGame(job);
  for (let round = 1; round <= rounds; round++) {
    await game.toProposing();
    await game.settleRound();
  }
  return { job, blobs: game.blobs, params: PARAMS };
}

/**
 * Eight rounds of seven members: 1 honest; 2 a wrong aggregate, proven, while another member joins; 3 an update that nobody
 * shows; 4 skipped, for those who certified it are suspended; 5 after they are back; 6 a member leaves; 7 an opening is
 * withheld; 8 honest. Then money is claimed and stake withdrawn.
 */
export async function playEventfulJob(chain: RealChain): Promise<PlayedJob> {
  const job = await chain.openJob({ rounds: 8, suspendDraws: 1, genesisHash: genesisHash(PARAMS), startMembers: 7 }, 7);
  const game = new KeepingGame(job);
  await game.toProposing();
  await game.settleRound();
  await playWrongAggregate(game);
  await playWithheldUpdate(game);
  await game.draw();
  await game.skip();
  await bringBack(game);
  await game.toProposing();
  await game.settleRound();
  await game.toProposing();
  await job.leave(game.player.at(0).wallet);
  await game.settleRound();
  await game.toProposing([0]);
  await game.settleRound();
  await game.toProposing();
  await game.settleRound();
  await job.claimPay(game.player.view.cohort[0]!);
  return { job, blobs: game.blobs, params: PARAMS };
}

async function playWrongAggregate(game: KeepingGame): Promise<void> {
  const { job } = game;
  await job.join(job.outsider.wallet);
  game.players = [...job.players, job.outsider];
  await game.toProposing();
  const lie = game.player.aggregate(fullMask(game.player.view.cohort.length));
  lie[5]! += 1;
  const view = await game.propose(rootOfAggregate(lie));
  await game.chain(6).proveWrongLeaf(proofOf(game.player, view, lie, 5));
  await game.settleRound();
}

/** Certified by no more seats than it takes, which are suspended for it; the others go on without it. */
async function playWithheldUpdate(game: KeepingGame): Promise<void> {
  await game.draw();
  const { player } = game;
  await game.commitBatch();
  const hidden = 2;
  const all = fullMask(player.view.cohort.length);
  const others = bitsOf(player.view.liveSeats).filter((seat) => player.view.seats[seat] !== player.view.cohort[hidden]);
  const certifiers = others.slice(0, quorumOf(player.view.seats.length - 1));
  const bitmaps = player.view.seats.map((_, seat) =>
    player.bitmap(seat, certifiers.includes(seat) ? all : all & ~(1n << BigInt(hidden))),
  );
  await game.chain(2).share(
    game.everybody.map((position) => player.opening(position)),
    bitmaps,
  );
  for (const position of game.everybody) {
    const bytes = encodeUpdate(player.values(position));
    if (position !== hidden) game.blobs.set(buildTree(bytes, UPDATE_LEAF_BYTES).root, bytes);
  }
  const view = await game.view();
  // The one that was proven wrong may have been drawn once more, to a seat that does not count.
  await game.propose(game.rightRoot(view.includedMask), bitsOf(view.liveSeats)[0]);
  const updates = player.included(view.includedMask);
  const tree = 1 + bitsOf(view.includedMask).indexOf(hidden);
  const node = { tree, level: 2, index: 0, hash: updates[tree - 1]!.updateRoot };
  await game.chain(0).demand(updates, node, []);
  await game.job.passTime(game.job.terms.demandSeconds + 1);
  await game.chain(0).advance();
  await game.settleRound();
}

async function bringBack(game: KeepingGame): Promise<void> {
  const { members } = await game.chain().snapshot();
  for (const [id, { suspendedUntil, ejected }] of members.entries())
    if (suspendedUntil > 0 && !ejected) await game.chain().resume(id);
  await game.job.mine(1);
  await game.chain().advance();
}
