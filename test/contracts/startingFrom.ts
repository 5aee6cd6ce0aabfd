import { afterEach, before } from "mocha";
import { playerOf, type Player } from "./player.ts";
import { advance } from "./round.ts";
import { createJob, deployWorld, joinAll, makeParticipants, type World } from "./world.ts";
import type { JobTerms } from "../../node/core/jobTerms.ts";

/** Prepares a state once and returns to it after each test. */
export function startingFrom<State extends { readonly world: World }>(prepare: () => Promise<State>): () => State {
  let state: State | undefined;
  let restore: () => Promise<void>;
  before(async () => {
    state = await prepare();
    const snapshot = await state.world.helpers.takeSnapshot();
    restore = () => snapshot.restore();
  });
  afterEach(async () => {
    await restore();
  });
  return () => {
    if (state === undefined) throw new Error("not prepared yet");
    return state;
  };
}

/** A job that `count` members have joined, in its first Draw. */
export async function startedJob(count: number, changes: Partial<JobTerms> = {}, pool?: bigint): Promise<Player> {
  const world = await deployWorld();
  const people = await makeParticipants(world, count);
  const job = await createJob(world, { startMembers: count, ...changes }, pool);
  await joinAll(job, people);
  const player = await playerOf(world, job, people);
  await advance(player);
  return player;
}

/** As `startingFrom`, of a player, who forgets replaced updates after each test. */
export function playingFrom(prepare: () => Promise<Player>): () => Player {
  const player = startingFrom(prepare);
  afterEach(() => {
    player().replaced.clear();
  });
  return player;
}
