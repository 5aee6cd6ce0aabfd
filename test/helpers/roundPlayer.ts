import type {
  JobChain,
  LeafProof,
  PostedAttestation,
  PostedBitmap,
  PostedCommit,
  PostedOpening,
  PostedScoreCommit,
  PostedScores,
  WrongLeafProof,
} from "../../node/chain/chain.ts";
import { aggregate } from "../../node/core/aggregationRule.ts";
import { fromHex, keccakWords, toHex, type Address, type Hex } from "../../node/core/bytes.ts";
import { commitmentHash, scoreCommitmentHash, type IncludedUpdate, type JobDomain } from "../../node/core/encoding.ts";
import {
  AGGREGATE_LEAF_BYTES,
  encodeAggregate,
  encodeUpdate,
  MAX_UPDATE_VALUE,
  UPDATE_LEAF_BYTES,
} from "../../node/core/fixedPoint.ts";
import type { JobTerms } from "../../node/core/jobTerms.ts";
import { buildTree, LEAF_VALUES, proveLeaf } from "../../node/core/merkle.ts";
import { seededRandom } from "../../node/core/random.ts";
import { bitsOf, fullMask, includedUpdates, type RoundView } from "../../node/core/roundView.ts";
import { encodeVector, scoreVector } from "../../node/core/scores.ts";
import { signDigest } from "../../node/core/signature.ts";
import { structDigest, type SignedStruct } from "../../node/core/typedData.ts";
import { weightsOf } from "../../node/core/weightedMean.ts";

/** Terms under which real seconds never matter: phases of a quarter of an hour. */
export function testTerms(token: Address, change: Partial<JobTerms> = {}): JobTerms {
  return {
    token,
    stakeToken: token,
    specHash: keccakWords(11),
    genesisHash: keccakWords(22),
    rounds: 3,
    vectorLength: 300,
    weightCap: 1000,
    startMembers: 4,
    cohortSize: 8,
    committeeSize: 8,
    minCommits: 3,
    rule: 0,
    trimPermille: 0,
    minExponent: 4,
    maxExponent: 24,
    initialExponent: 14,
    stakeWeighted: false,
    suspendDraws: 0,
    joinSeconds: 900,
    commitSeconds: 900,
    shareSeconds: 900,
    slotSeconds: 300,
    demandSeconds: 400,
    challengeSeconds: 1200,
    scoreSeconds: 900,
    unbondSeconds: 20_000,
    phaseBlocks: 0,
    stake: 1000n,
    faultSlash: 600n,
    missSlash: 100n,
    proofReward: 250n,
    contributorsBps: 7000,
    aggregatorBps: 1000,
    committeeBps: 1500,
    keepersBps: 500,
    ...change,
  };
}

/** An update of small random values, the same for the same words. */
export function randomUpdate(length: number, ...words: readonly number[]): Int16Array {
  const random = seededRandom(...words);
  return Int16Array.from({ length }, () => random.below(2 * MAX_UPDATE_VALUE + 1) - MAX_UPDATE_VALUE);
}

export interface Player {
  readonly chain: JobChain;
  readonly operator: Address;
  readonly operatorKey: Hex;
}

/** Everything that honest members would post in the round of `view`, made by the core's functions. Members are players by id. */
export class RoundPlayer<P extends Player = Player> {
  readonly domain: JobDomain;
  readonly view: RoundView;
  readonly players: readonly P[];

  constructor(players: readonly P[], view: RoundView) {
    const { chain } = players[0]!;
    this.domain = { chainId: chain.chainId, job: chain.job };
    this.players = players;
    this.view = view;
  }

  at(position: number): P {
    return this.players[this.view.cohort[position]!]!;
  }

  seat(seat: number): P {
    return this.players[this.view.seats[seat]!]!;
  }

  values(position: number): Int16Array {
    return randomUpdate(this.players[0]!.chain.terms.vectorLength, this.view.round, this.view.cohort[position]!);
  }

  opening(position: number): PostedOpening {
    const { root } = buildTree(encodeUpdate(this.values(position)), UPDATE_LEAF_BYTES);
    const memberId = this.view.cohort[position]!;
    return { position, updateRoot: root, exampleCount: 40 + 31 * memberId, salt: keccakWords(7, memberId) };
  }

  commitment(position: number): Hex {
    return this.commitmentOf(this.opening(position));
  }

  commitmentOf(opening: PostedOpening): Hex {
    const memberId = this.view.cohort[opening.position]!;
    return commitmentHash(this.domain, { round: this.view.round, memberId, ...opening });
  }

  /** As a relay posts it. */
  signedCommit(position: number, commitment = this.commitment(position)): PostedCommit {
    const { round, seed } = this.view;
    const signature = this.sign(this.at(position), { type: "Commit", round, seed, commitment });
    return { position, commitment, signature };
  }

  sign(player: Player, body: SignedStruct): Hex {
    return signDigest(structDigest(this.domain, body), fromHex(player.operatorKey));
  }

  bitmap(seat: number, bits = fullMask(this.view.cohort.length)): PostedBitmap {
    const { round, seed } = this.view;
    return { seat, bits, signature: this.sign(this.seat(seat), { type: "Bitmap", round, seed, seat, bits }) };
  }

  /** Roots and weights that count, as the chain would hash them if `mask` were included. */
  included(mask: bigint): IncludedUpdate[] {
    return bitsOf(mask).map((position) => {
      const { updateRoot, exampleCount } = this.opening(position);
      const count = Math.min(exampleCount, this.players[0]!.chain.terms.weightCap);
      return { updateRoot, memberId: this.view.cohort[position]!, exampleCount: count };
    });
  }

  /** The right aggregate of the positions in `mask`. */
  aggregate(mask: bigint): Int32Array {
    const { rule, trimPermille, weightCap } = this.players[0]!.chain.terms;
    const counts = this.included(mask).map(({ exampleCount }) => exampleCount);
    const weights = weightsOf(counts, weightCap);
    const updates = bitsOf(mask).map((position, index) => ({ values: this.values(position), weight: weights[index]! }));
    return aggregate(rule, trimPermille, updates);
  }

  /** @param proposed the view with the standing proposal */
  attestation(proposed: RoundView, seat: number): PostedAttestation {
    return this.signedRoot(proposed, seat, proposed.aggregateRoot, proposed.slot);
  }

  /** What a seat signs of `aggregateRoot`, in its own slot if no other is given. @param fixed a view with the include set */
  signedRoot(fixed: RoundView, seat: number, aggregateRoot: Hex, slot = seat): PostedAttestation {
    const { round, seed, includeHash } = fixed;
    const body = { type: "Attestation", round, seed, slot, includeHash, aggregateRoot } as const;
    return { seat, signature: this.sign(this.seat(seat), body) };
  }

  /** A seat's scores by include order; the last seat abstains. */
  vector(included: RoundView, seat: number): number[] | undefined {
    if (seat === this.view.seats.length - 1) return undefined;
    const positions = bitsOf(included.includedMask);
    const own = positions.indexOf(this.view.cohort.indexOf(this.view.seats[seat]!));
    const contributions = positions.map((position) => 1 + ((position * 5 + seat * 3) % 7));
    return scoreVector(contributions, own < 0 ? undefined : own);
  }

  scores(included: RoundView, seat: number): PostedScores {
    const vector = toHex(encodeVector(this.vector(included, seat)));
    return { seat, vector, salt: keccakWords(13, seat) };
  }

  scoreCommit(included: RoundView, seat: number): PostedScoreCommit {
    const { round, seed, includeHash } = included;
    const { vector, salt } = this.scores(included, seat);
    const parts = { round, seed, scorer: this.view.seats[seat]!, includeHash, vector: fromHex(vector), salt };
    const commitment = scoreCommitmentHash(this.domain, parts);
    const body = { type: "ScoreCommit", round, seed, includeHash, commitment } as const;
    return { seat, commitment, signature: this.sign(this.seat(seat), body) };
  }
}

export function rootOfAggregate(values: Int32Array): Hex {
  return buildTree(encodeAggregate(values), AGGREGATE_LEAF_BYTES).root;
}

/** The leaf of `bytes` that holds `coordinate`, with its proof. */
export function leafProof(bytes: Uint8Array, leafBytes: number, coordinate: number): LeafProof {
  const leafIndex = Math.floor(coordinate / LEAF_VALUES);
  const leaf = bytes.subarray(leafIndex * leafBytes, (leafIndex + 1) * leafBytes);
  return { leaf, siblings: proveLeaf(buildTree(bytes, leafBytes), leafIndex) };
}

/** A proof about `coordinate` of an aggregate that was proposed over the included updates. */
export function proofOf(
  player: RoundPlayer,
  view: RoundView,
  proposed: Int32Array,
  coordinate: number,
): WrongLeafProof {
  const positions = bitsOf(view.includedMask);
  return {
    coordinate,
    updates: includedUpdates(view),
    updateLeaves: positions.map((position) =>
      leafProof(encodeUpdate(player.values(position)), UPDATE_LEAF_BYTES, coordinate),
    ),
    aggregateLeaf: leafProof(encodeAggregate(proposed), AGGREGATE_LEAF_BYTES, coordinate),
  };
}
