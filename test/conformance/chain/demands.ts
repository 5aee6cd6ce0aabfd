import { expect } from "chai";
import { it } from "mocha";
import type { JobChain, TreeNode } from "../../../node/chain/chain.ts";
import { concatBytes, toHex, ZERO_WORD } from "../../../node/core/bytes.ts";
import { includeHash, type IncludedUpdate } from "../../../node/core/encoding.ts";
import {
  AGGREGATE_LEAF_BYTES,
  encodeAggregate,
  encodeUpdate,
  UPDATE_LEAF_BYTES,
} from "../../../node/core/fixedPoint.ts";
import { buildTree, proveLeaf, zeroHashes, type MerkleTree } from "../../../node/core/merkle.ts";
import { bitsOf } from "../../../node/core/roundView.ts";
import { leafProof, proofOf, rootOfAggregate } from "../../helpers/roundPlayer.ts";
import { ALL, MARGIN, refusalOf, type Game, type Open } from "./game.ts";

/** Leaves of the vectors here: 300 values. */
const DEPTH = 2;

/** Demands to be shown what is hidden. */
export function describeDemands(open: Open): void {
  /** All leaf hashes, the fill included. */
  const leafHashes = (tree: MerkleTree): Uint8Array[] => {
    const [level] = tree.levels as [Uint8Array];
    const fill = zeroHashes(tree.leafBytes, 0)[0]!;
    return Array.from({ length: 2 ** tree.depth }, (_, index) => {
      const hash = level.subarray(index * 32, index * 32 + 32);
      return hash.length > 0 ? hash : fill;
    });
  };

  const rootNode = (tree: number, root: TreeNode["hash"]): TreeNode => ({ tree, level: DEPTH, index: 0, hash: root });

  /** A lie that its poster hides, proposed by seat 0. */
  const hideLie = async (game: Game): Promise<{ lie: Int32Array; tree: MerkleTree; updates: IncludedUpdate[] }> => {
    await game.toPropose();
    const lie = game.player.aggregate(ALL);
    lie[129]! -= 1;
    await game.propose(rootOfAggregate(lie));
    const tree = buildTree(encodeAggregate(lie), AGGREGATE_LEAF_BYTES);
    return { lie, tree, updates: game.player.included(ALL) };
  };

  it("keeps the window open for a demand, shows its answer, and lets whoever asked ask on and prove", async () => {
    const game = await open({ phaseBlocks: 2 });
    const { lie, tree, updates } = await hideLie(game);
    const asker = game.job.outsider.chain;
    const node = rootNode(0, tree.root);
    expect(await refusalOf(asker.demand(updates.slice(1), node, []))).to.equal("WrongIncludeSet");
    expect(await refusalOf(asker.demand(updates, { ...node, level: 3 }, []))).to.equal("NoSuchNode");
    expect(await refusalOf(asker.demand(updates, { ...node, tree: 5 }, []))).to.equal("NoSuchNode");
    expect(await refusalOf(asker.demand(updates, { ...node, tree: 1 }, []))).to.equal("BadPath");
    await asker.demand(updates, node, []);
    expect(await refusalOf(asker.demand(updates, node, []))).to.equal("AlreadyDemanded");
    expect(await refusalOf(game.chain(2).demand(updates, node, []))).to.equal("AlreadyDemanded");

    const asked = await asker.snapshot();
    expect(asked.view).to.deep.include({ phase: "challenge", openDemands: 1, windowEnd: 0 });
    const [demand] = asked.demands;
    expect(demand).to.deep.include({ demander: asker.operator, node });
    expect(demand!.deadline).to.equal(asked.view.blockTime + game.job.terms.demandSeconds);
    await game.attest();
    expect((await game.view()).phase).to.equal("challenge"); // although all have attested
    expect(await refusalOf(game.chain().advance())).to.equal("DemandsOpen");

    const hashes = leafHashes(tree);
    const row = concatBytes(...hashes);
    const { id } = demand!;
    expect(await refusalOf(game.chain().answerDemand(id, row.subarray(32)))).to.equal("BadLeafSize");
    expect(
      await refusalOf(
        game.chain().answerDemand(
          id,
          row.map((byte) => byte ^ 1),
        ),
      ),
    ).to.equal("BadAnswer");
    expect(await refusalOf(game.chain().answerDemand(id + 1, row))).to.equal("NoSuchDemand");
    expect(await asker.answers()).to.deep.equal([]);
    await game.chain().answerDemand(id, row);
    const answered = await asker.snapshot();
    expect(answered.view.windowEnd).to.equal(answered.view.blockTime + game.job.terms.demandSeconds);
    expect(answered.view.windowEndBlock).to.equal(answered.view.blockNumber + 2);
    expect(answered).to.deep.include({ demands: [] });
    expect(await asker.answers()).to.deep.equal([{ id, node, data: new Uint8Array(row) }]);
    expect(await refusalOf(game.chain().advance())).to.equal("NotYet"); // time to ask on
    await game.chain().attest([], []);
    expect((await game.view()).phase).to.equal("challenge");

    const leafNode: TreeNode = { tree: 0, level: 0, index: 1, hash: toHex(hashes[1]!) };
    await asker.demand(updates, leafNode, proveLeaf(tree, 1));
    const leaf = leafProof(encodeAggregate(lie), AGGREGATE_LEAF_BYTES, 129);
    const next = (await asker.snapshot()).demands[0]!;
    expect(next.id).to.equal(id + 1);
    await game.chain().answerDemand(next.id, leaf.leaf);
    const answers = await asker.answers();
    expect(answers.map(({ node: { level } }) => level)).to.deep.equal([DEPTH, 0]);
    const proof = proofOf(game.player, await game.view(), lie, 129);
    await asker.proveWrongLeaf({ ...proof, aggregateLeaf: { ...leaf, leaf: answers[1]!.data } });
    expect(await game.view()).to.deep.include({ phase: "propose", firstSlot: 1, liveSeats: 0n, windowEnd: 0 });
    expect(await asker.answers()).to.deep.equal([]);
  });

  it("closes once the time after the last answer is over, where everybody has attested; then takes no demand", async () => {
    const game = await open();
    const { tree, updates } = await hideLie(game);
    const asker = game.job.outsider.chain;
    await asker.demand(updates, rootNode(0, tree.root), []);
    await game.attest();
    const [demand] = (await asker.snapshot()).demands;
    await asker.answerDemand(demand!.id, concatBytes(...leafHashes(tree)));
    await game.job.passTime(game.job.terms.demandSeconds);
    await game.chain().advance();
    expect((await game.view()).phase).to.equal("score");
    const leaf = { tree: 0, level: 0, index: 3, hash: toHex(leafHashes(tree)[3]!) };
    expect(await refusalOf(asker.demand(updates, leaf, proveLeaf(tree, 3)))).to.equal("WrongPhase");
  });

  it("has a place for every member that was drawn, and eight for all others", async () => {
    const game = await open();
    const { lie, tree, updates } = await hideLie(game);
    const leaves = leafHashes(tree);
    const ask = (chain: JobChain, of: number, index: number): Promise<unknown> => {
      const leaf = of === 0 ? tree : buildTree(encodeUpdate(game.player.values(of - 1)), UPDATE_LEAF_BYTES);
      const hash = toHex((of === 0 ? leaves : leafHashes(leaf))[index]!);
      return chain.demand(updates, { tree: of, level: 0, index, hash }, proveLeaf(leaf, index));
    };
    const outsider = game.job.outsider.chain;
    for (const index of [0, 1, 2, 3]) await ask(outsider, 0, index);
    for (const index of [0, 1, 2, 3]) await ask(outsider, 1, index);
    expect(await refusalOf(ask(outsider, 2, 0))).to.equal("TooManyDemands");
    await ask(game.chain(1), 2, 0);
    expect(await refusalOf(ask(game.chain(1), 2, 1))).to.equal("TooManyDemands");
    await ask(game.chain(2), 2, 1);
    const { demands, view } = await outsider.snapshot();
    expect([view.openDemands, demands.length]).to.deep.equal([10, 10]);
    // An answer frees the place; the list closes its gap with its last one.
    await outsider.answerDemand(demands[0]!.id, leafProof(encodeAggregate(lie), AGGREGATE_LEAF_BYTES, 0).leaf);
    const left = (await outsider.snapshot()).demands;
    expect(left.map(({ id }) => id)).to.deep.equal([10, 2, 3, 4, 5, 6, 7, 8, 9]);
    await ask(outsider, 2, 2);
  });

  it("takes demands for as long as it takes to walk to a leaf of every tree, so that every window ends", async () => {
    const game = await open();
    const { tree, updates } = await hideLie(game);
    const { challengeSeconds, demandSeconds } = game.job.terms;
    const walks = 5 * 2 * demandSeconds; // five trees, each in two steps
    const ask = (index: number): Promise<unknown> => {
      const node = { tree: 0, level: 0, index, hash: toHex(leafHashes(tree)[index]!) };
      return game.job.outsider.chain.demand(updates, node, proveLeaf(tree, index));
    };
    await game.job.passTime(challengeSeconds + walks - MARGIN);
    await ask(0);
    await game.job.passTime(2 * MARGIN);
    expect(await refusalOf(ask(1))).to.equal("TooLate");
  });

  it("fells a proposal that nobody shows: its poster pays, the asker is rewarded, the next slot is open", async () => {
    const game = await open();
    const { tree, updates } = await hideLie(game);
    const asker = game.job.outsider;
    await asker.chain.demand(updates, rootNode(0, tree.root), []);
    await game.attest([0, 1]);
    await game.job.passTime(game.job.terms.demandSeconds - MARGIN);
    expect(await refusalOf(game.chain().advance())).to.equal("DemandsOpen");
    await game.job.passTime(MARGIN + 1);
    const [late] = (await asker.chain.snapshot()).demands;
    expect(await refusalOf(game.chain().answerDemand(late!.id, concatBytes(...leafHashes(tree))))).to.equal("TooLate");
    await game.chain().advance();
    const view = await game.view();
    expect(view).to.deep.include({
      phase: "propose",
      firstSlot: 1,
      liveSeats: 0b1110n,
      openDemands: 0,
      includedMask: ALL,
      scoreCommittedMask: 0b11n,
    });
    const poster = view.seats[0]!;
    const { slashes } = await game.chain().history(1);
    expect(slashes).to.deep.equal([{ round: 1, memberId: poster, prover: undefined, taken: 600n }]);
    expect(await game.job.readCredit(asker.wallet)).to.equal(250n);
    expect(await game.member(poster)).to.deep.include({ ejected: false }); // a fault was not proven
    await game.propose(game.rightRoot(), 1);
    await game.attest([1, 2, 3]);
    expect((await game.view()).phase).to.equal("score");
  });

  it("drops an update that nobody shows: owner and certifiers pay, and the same slot proposes over the others", async () => {
    const game = await open();
    const fixed = await game.toPropose();
    const { player, job } = game;
    await game.propose(game.rightRoot());
    await game.attest([0, 1, 2]);
    const position = 1;
    const update = buildTree(encodeUpdate(player.values(position)), UPDATE_LEAF_BYTES);
    const leaf = { tree: position + 1, level: 0, index: 2, hash: toHex(leafHashes(update)[2]!) };
    await job.outsider.chain.demand(player.included(ALL), leaf, proveLeaf(update, 2));
    await job.passTime(job.terms.demandSeconds + 1);
    await game.chain().advance();

    const rest = 0b1101n;
    const view = await game.view();
    expect(view).to.deep.include({
      phase: "propose",
      firstSlot: 0,
      liveSeats: ALL,
      includedMask: rest,
      includeHash: includeHash(player.included(rest)),
      attestedMask: 0n,
      scoreCommittedMask: 0n,
      openDemands: 0,
    });
    expect(view.updateRoots.map((root) => root === ZERO_WORD)).to.deep.equal([false, true, false, false]);
    expect(view.exampleCounts).to.deep.equal([40, 0, 102, 133]);
    const certifiers = fixed.seats.filter((id) => id !== fixed.cohort[position]);
    const { slashes } = await game.chain().history(1);
    expect(slashes).to.deep.equal([
      { round: 1, memberId: 1, prover: undefined, taken: 600n },
      ...certifiers.map((memberId) => ({ round: 1, memberId, prover: undefined, taken: 100n })),
    ]);
    expect(await job.readCredit(job.outsider.wallet)).to.equal(250n);

    await game.settle();
    const [outcome] = (await game.chain().history(1)).rounds;
    expect(outcome?.withheld).to.deep.equal([1]);
    expect(outcome?.settled).to.deep.include({ includedMask: rest, aggregator: fixed.seats[0] });
    expect(outcome?.settled?.contributorsPay.length).to.equal(bitsOf(rest).length);
  });

  it("skips the round where too few updates are left", async () => {
    const game = await open({ minCommits: 4 });
    await game.toPropose();
    const { player, job } = game;
    await game.propose(game.rightRoot());
    const { updateRoot } = player.opening(3);
    await job.outsider.chain.demand(player.included(ALL), rootNode(4, updateRoot), []);
    await job.passTime(job.terms.demandSeconds + 1);
    await game.chain().advance();
    expect(await game.view()).to.deep.include({ phase: "draw", round: 2 });
    expect((await game.chain().history(1)).rounds).to.deep.equal([{ round: 1, settled: undefined, withheld: [3] }]);
  });
}
