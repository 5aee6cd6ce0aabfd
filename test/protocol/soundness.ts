import { expect } from "chai";
import { aggregate } from "../../node/core/aggregationRule.ts";
import { nextModelId } from "../../node/core/encoding.ts";
import type { Hex } from "../../node/core/bytes.ts";
import { bitsOf } from "../../node/core/roundView.ts";
import { weightsOf } from "../../node/core/weightedMean.ts";
import { rootOfAggregate } from "../helpers/roundPlayer.ts";
import { updateOf } from "../helpers/virtual/work.ts";
import { TestFederation, type FederationOptions } from "../helpers/virtual/federation.ts";
import { honest } from "../helpers/virtual/misbehaviour.ts";

/** Longest that a phase may go on after its time is over: turns of all peers, and retries of lost transactions. */
const SLACK_SECONDS = 60;

export async function play(options: FederationOptions): Promise<TestFederation> {
  const federation = new TestFederation(options);
  await federation.run();
  return federation;
}

/** What must hold at the end whatever has happened. */
export function expectSound(federation: TestFederation): void {
  const { behaviours, history, peers, terms } = federation;
  const view = federation.snapshot().view;
  expect(view.phase).to.equal("finished");
  expect(history.rounds.map(({ round }) => round)).to.deep.equal(Array.from({ length: terms.rounds }, (_, i) => i + 1));
  expectWithinDeadlines(federation);
  expect(Object.fromEntries(federation.world.rejected)).to.deep.equal({});
  expectConserved(federation);

  let modelId: Hex = terms.genesisHash;
  for (const { round, settled } of history.rounds) {
    if (settled === undefined) continue;
    expect(settled.aggregateRoot, `the aggregate of round ${round}`).to.equal(rightRoot(federation, round, settled));
    modelId = nextModelId(modelId, settled.aggregateRoot);
    expect(settled.modelId).to.equal(modelId);
  }
  expect(view.modelId).to.equal(modelId);
  for (const { prover, memberId } of history.slashes) {
    const { tamper, adds } = behaviours[memberId]!;
    if (prover !== undefined) expect(tamper ?? adds, `member ${memberId} at fault`).not.to.equal(undefined);
  }
  for (const { index, model, state } of peers) {
    if (behaviours[index] !== honest) continue;
    expect(state?.modelId).to.equal(modelId);
    expect(model?.modelId).to.equal(modelId);
  }
}

/** No token is made or lost, and the pool holds what members have earned and not yet claimed. */
export function expectConserved(federation: TestFederation): void {
  const { ledgers } = federation.chain;
  const credits = federation.snapshot().members.reduce((sum, { credit }) => sum + credit, 0n);
  expect(ledgers.poolOf(federation.job)).to.equal(credits);
  expect(ledgers.held() + ledgers.balances.sum()).to.equal(federation.supply);
}

type Settled = NonNullable<TestFederation["history"]["rounds"][number]["settled"]>;

/** The root of the exact aggregate of what was included, worked out from the members' updates. */
function rightRoot(federation: TestFederation, round: number, { includedMask, cohort }: Settled): Hex {
  const ids = bitsOf(includedMask).map((position) => cohort[position]!);
  const weights = weightsOf(
    ids.map((id) => 50 + 40 * id),
    federation.terms.weightCap,
  );
  const { rule, trimPermille } = federation.terms;
  const updates = ids.map((id, index) => ({ values: updateOf(federation, round, id), weight: weights[index]! }));
  return rootOfAggregate(aggregate(rule, trimPermille, updates));
}

function expectWithinDeadlines({ phases, terms, peers }: TestFederation): void {
  const lengths: Readonly<Record<string, number>> = {
    joining: 0,
    draw: 0,
    commit: terms.commitSeconds,
    share: terms.shareSeconds,
    propose: terms.slotSeconds * peers.length,
    // An answer keeps the window open for the next demand: as often as it takes to reach a leaf, and once more for the proof.
    challenge: terms.challengeSeconds + 3 * terms.demandSeconds,
    score: terms.scoreSeconds,
    finished: Infinity, // and not the end, where it was taken back
  };
  for (const [index, { phase, round, at }] of phases.slice(0, -1).entries()) {
    const seconds = phases[index + 1]!.at - at;
    expect(seconds, `${phase} of round ${round}`).to.be.at.most(lengths[phase]! + SLACK_SECONDS);
  }
}

export const settledRounds = ({ history }: TestFederation): number =>
  history.rounds.filter(({ settled }) => settled !== undefined).length;
