import { createRequire } from "node:module";
import type { ContractTransactionResponse } from "ethers";
import { fullMask } from "../../node/core/roundView.ts";
import {
  advance,
  aggregateOf,
  aggregateTree,
  attestAll,
  bitmapOf,
  commitAt,
  draw,
  openAllScores,
  openingOf,
  playerOf,
  playRound,
  proofArguments,
  proposeFrom,
  receiptOf,
  viewOf,
  type Player,
} from "../../test/contracts/round.ts";
import { as, createJob, deployWorld, joinAll, makeParticipants, type World } from "../../test/contracts/world.ts";

/** Gas of a round on Hardhat's network. Slots are used in the first round; the second one is measured. */

const COMMITTEE = 7;
/** 2,048 leaves. */
const VECTOR_LENGTH = 2_048 * 128;

async function gasOf(step: Promise<ContractTransactionResponse>): Promise<number> {
  return Number((await receiptOf(step)).gasUsed);
}

async function startJob(world: World, cohort: number, vectorLength: number): Promise<Player> {
  const people = (await makeParticipants(world, cohort)).slice(0, cohort);
  const job = await createJob(world, { startMembers: cohort, committeeSize: COMMITTEE, vectorLength, rounds: 5 });
  await joinAll(job, people);
  const player = await playerOf(world, job, people);
  await advance(player);
  return player;
}

/** One round, measured step by step. */
async function measureRound(player: Player): Promise<Record<string, number>> {
  let total = await gasOf(draw(player));
  const view = await viewOf(player);
  const cohort = view.cohort.length;
  let commits = 0;
  for (let position = 0; position < cohort; position++) commits += await gasOf(commitAt(player, view, position));
  total += commits + (await gasOf(advance(player)));
  const openings = view.cohort.map((_, position) => openingOf(player, view, position));
  const bitmaps = view.seats.map((_, seat) => bitmapOf(player, view, seat, fullMask(cohort)));
  const share = await gasOf(player.job.share(openings, bitmaps));
  total += share + (await gasOf(advance(player)));
  const root = aggregateTree(aggregateOf(player, await viewOf(player))).tree.root;
  total += await gasOf(proposeFrom(player, 0, root));
  total += await gasOf(attestAll(player));
  total += await gasOf(advance(player));
  total += await gasOf(openAllScores(player));
  const settle = await gasOf(advance(player));
  return {
    commit: commits / cohort,
    certifyPerUpdate: share / cohort,
    settlePerMember: settle / cohort,
    roundPerParticipant: (total + settle) / cohort,
  };
}

/** Plays a round up to a wrong aggregate, and proves it. */
async function measureProof(player: Player): Promise<number> {
  await draw(player);
  const drawn = await viewOf(player);
  for (let position = 0; position < drawn.cohort.length; position++) await commitAt(player, drawn, position);
  await advance(player);
  await player.job.share(
    drawn.cohort.map((_, position) => openingOf(player, drawn, position)),
    drawn.seats.map((_, seat) => bitmapOf(player, drawn, seat, fullMask(drawn.cohort.length))),
  );
  await advance(player);
  const view = await viewOf(player);
  const wrong = aggregateOf(player, view);
  const coordinate = 123_457;
  wrong[coordinate]! += 1;
  const aggregate = aggregateTree(wrong);
  await proposeFrom(player, 0, aggregate.tree.root);
  const watcher = as(player.world.court, player.world.sponsor);
  return await gasOf(watcher.proveWrongLeaf(player.job, ...proofArguments(player, view, coordinate, aggregate)));
}

async function measureCohort(cohort: number): Promise<Record<string, number>> {
  const player = await startJob(await deployWorld(), cohort, 300);
  await playRound(player);
  const figures = await measureRound(player);
  const wrongLeafProof = await measureProof(await startJob(await deployWorld(), cohort, VECTOR_LENGTH));
  return { ...figures, wrongLeafProof };
}

/** For a cohort of 32 without suffix, of 8 with `8`; a committee of 7. */
export async function benchGas(): Promise<{
  figures: Record<string, number>;
  peers: Record<string, never>;
  versions: Record<string, string>;
}> {
  const [large, small] = [await measureCohort(32), await measureCohort(8)];
  const suffixed = Object.entries(small).map(([name, gas]) => [`${name}8`, gas] as const);
  const rounded = [...Object.entries(large), ...suffixed].map(([name, gas]) => [name, Math.round(gas)] as const);
  const require = createRequire(import.meta.url);
  const versionOf = (name: string): string => (require(`${name}/package.json`) as { version: string }).version;
  return {
    figures: Object.fromEntries(rounded),
    peers: {},
    versions: { hardhat: versionOf("hardhat"), solc: versionOf("solc") },
  };
}
