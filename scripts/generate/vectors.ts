/**
 * Writes test/vectors/*.json: cases that the Solidity and the TypeScript suites both read. The expected values come from
 * node/core; what makes them trustworthy is that an independent Solidity implementation must agree with every one.
 * Run: npm run generate:vectors. Deterministic: a second run writes the same bytes.
 */
import { writeFileSync } from "node:fs";
import { coordinateOf } from "../../node/core/aggregationRule.ts";
import { toHex, type Hex } from "../../node/core/bytes.ts";
import * as encoding from "../../node/core/encoding.ts";
import { AGGREGATION_RULES } from "../../node/core/jobTerms.ts";
import { buildTree, proveLeaf } from "../../node/core/merkle.ts";
import { seededRandom, type Random } from "../../node/core/random.ts";
import * as scores from "../../node/core/scores.ts";
import { addressOfPrivateKey, signDigest } from "../../node/core/signature.ts";
import * as sortition from "../../node/core/sortition.ts";
import { registrationDigest, structDigest, type SignedStruct } from "../../node/core/typedData.ts";
import { drawWeighted } from "../../node/core/weightedDraw.ts";
import { lowerMedian, meanOf, weightsOf } from "../../node/core/weightedMean.ts";

const CASES = 1000;

function randomBytes(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random.below(256));
}
const randomHex = (random: Random, length: number): Hex => toHex(randomBytes(random, length));
const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));

/** Values where rounding and saturation show: the extremes, small ones, and anything between. */
function updateValue(random: Random): number {
  const kind = random.below(4);
  if (kind === 0) return random.below(2) === 0 ? 32767 : -32767;
  if (kind === 1) return random.below(7) - 3;
  return random.below(65535) - 32767;
}

function meanCases(random: Random): unknown[] {
  return times(CASES, () => {
    const size = 1 + random.below(32);
    const weightCap = random.below(2) === 0 ? 1 + random.below(50) : 2 ** 24 - 1;
    const exampleCounts = times(size, () => 1 + random.below(random.below(2) === 0 ? 40 : 2 ** 23));
    const values = times(size, () => updateValue(random));
    const weights = weightsOf(exampleCounts, weightCap);
    const weightSum = weights.reduce((sum, weight) => sum + weight, 0);
    const weightedSum = weights.reduce((sum, weight, i) => sum + weight * (values[i] as number), 0);
    return { exampleCounts, weightCap, values, weights, weightedSum, mean: meanOf(weightedSum, weightSum) };
  });
}

/** One coordinate by each rule in turn, over few values and many; small ones too, so that there are ties. */
function aggregateCases(random: Random): unknown[] {
  return times(CASES, (index) => {
    const size = index % 8 === 0 ? 64 - random.below(9) : 1 + random.below(12);
    const values = times(size, () => (random.below(4) === 0 ? random.below(3) - 1 : updateValue(random)));
    const rule = index % AGGREGATION_RULES.length;
    const weights = times(size, () => (rule === 0 ? 1 + random.below(random.below(2) === 0 ? 9 : 2 ** 23) : 1));
    const trimPermille = random.below(500);
    return { rule, trimPermille, values, weights, value: coordinateOf(rule, trimPermille, values, weights) };
  });
}

function merkleCases(random: Random): unknown[] {
  return times(200, (index) => {
    const leafBytes = random.below(2) === 0 ? 256 : 512;
    const leafCount = 1 + random.below(index < 20 ? 3 : 40);
    const bytes = randomBytes(random, leafBytes * leafCount);
    const tree = buildTree(bytes, leafBytes);
    const leafIndex = random.below(leafCount);
    return {
      leafCount,
      depth: tree.depth,
      root: tree.root,
      leafIndex,
      leaf: toHex(bytes.subarray(leafIndex * leafBytes, (leafIndex + 1) * leafBytes)),
      siblings: proveLeaf(tree, leafIndex).map(toHex),
    };
  });
}

/** Ids of all sizes, some set twice, some without a weight: `weights` lists (id, weight) as they are set. */
function weightedDrawCases(random: Random): unknown[] {
  return times(CASES, () => {
    const largest = [8, 64, 512, 4096, 32_768, 65_536][random.below(6)] as number;
    const kind = [2, 4, 1000, 65_536][random.below(4)] as number;
    const weights = times(1 + random.below(12), () => [random.below(largest), random.below(kind)] as const);
    const byId: number[] = new Array<number>(largest).fill(0);
    for (const [id, weight] of weights) byId[id] = weight;
    const count = random.below(byId.filter((weight) => weight > 0).length + 1);
    const seed = randomHex(random, 32);
    const tag = random.below(2) === 0 ? sortition.COHORT_TAG : sortition.COMMITTEE_TAG;
    return { seed, tag, weights, count, drawn: drawWeighted(seed, tag, byId, count) };
  });
}

function seedCases(random: Random): unknown[] {
  return times(100, () => {
    const [chainId, job, genesisHash] = [1 + random.below(100_000), randomHex(random, 20), randomHex(random, 32)];
    const openings = times(random.below(5), () => ({ memberId: random.below(65_536), salt: randomHex(random, 32) }));
    const saltSum = openings.reduce(
      (sum, { memberId, salt }) => (sum + sortition.saltShare(memberId, salt)) % 2n ** 256n,
      0n,
    );
    const [seed, entropy] = [sortition.firstSeed(chainId, job, genesisHash), randomHex(random, 32)];
    return {
      chainId,
      job,
      genesisHash,
      seed,
      openings,
      saltSum: `${saltSum}`,
      entropy,
      next: sortition.nextSeed(seed, (saltSum + sortition.entropyShare(entropy)) % 2n ** 256n),
    };
  });
}

function medianCases(random: Random): unknown[] {
  return times(CASES, () => {
    const values = times(1 + random.below(32), () => random.below(random.below(2) === 0 ? 5 : 10_001));
    return { values, median: lowerMedian(values) };
  });
}

/** A vector that sums to 10,000 with `own` zero; sparse ones too, so that medians of zero occur. */
function randomVector(random: Random, included: number, own: number | undefined): number[] | undefined {
  const contributions = times(included, () => (random.below(3) === 0 ? 0 : random.uniform()));
  return random.below(8) === 0 ? undefined : scores.scoreVector(contributions, own);
}

function scoreCases(random: Random): unknown[] {
  return times(CASES, () => {
    const included = 2 + random.below(12);
    const seats = times(1 + random.below(9), (seat) => {
      const own = seat < included && random.below(3) > 0 ? seat : undefined;
      return { own, vector: randomVector(random, included, own) };
    });
    const trailing = times(included, () => (random.below(2) === 0 ? 0 : random.below(10_000 * 256)));
    return {
      included,
      seats: seats.map(({ own, vector }) => ({ own: own ?? -1, vector: vector ?? [] })),
      trailing,
      medians: scores.medianScores(seats, included).map((median) => median ?? -1),
      scores: scores.roundScores(seats, trailing),
    };
  });
}

function trailingCases(random: Random): unknown[] {
  return times(200, () => {
    const [trailing, median] = [random.below(10_000 * 256), random.below(10_001)];
    return { trailing, median, next: scores.nextTrailing(trailing, median) };
  });
}

function splitCases(random: Random): unknown[] {
  return times(CASES, () => {
    const amount = random.below(4) === 0 ? BigInt(random.below(50)) : BigInt(toHex(randomBytes(random, 11)));
    const given = times<number>(1 + random.below(32), () => (random.below(4) === 0 ? 0 : random.below(10_001)));
    if (!given.some((score) => score > 0)) given.fill(1, 0, 1);
    return { amount: `${amount}`, scores: given, parts: scores.splitByScore(amount, given).map(String) };
  });
}

function encodingCases(random: Random): unknown[] {
  return times(100, () => {
    const domain = { chainId: 1 + random.below(100_000), job: randomHex(random, 20) };
    const included = times(1 + random.below(8), () => ({
      updateRoot: randomHex(random, 32),
      memberId: random.below(65_536),
      exampleCount: 1 + random.below(2 ** 24 - 1),
    }));
    const [round, seed, salt, includeHash] = [
      random.uint32(),
      randomHex(random, 32),
      randomHex(random, 32),
      encoding.includeHash(included),
    ];
    const commitment = { round, ...(included[0] as encoding.IncludedUpdate), salt };
    const vector = randomBytes(random, 2 * random.below(9));
    const [scorer, poster] = [random.below(65_536), random.below(65_536)];
    const attesters = times(random.below(8), () => random.below(65_536));
    const scoreParts = { round, seed, scorer, includeHash, vector, salt };
    const [modelId, aggregateRoot] = [randomHex(random, 32), randomHex(random, 32)];
    return {
      ...domain,
      round,
      seed,
      salt,
      scorer,
      included,
      includeHash,
      modelId,
      aggregateRoot,
      commitment: encoding.commitmentHash(domain, commitment),
      vector: toHex(vector),
      scoreCommitment: encoding.scoreCommitmentHash(domain, scoreParts),
      nextModelId: encoding.nextModelId(modelId, aggregateRoot),
      poster,
      attesters,
      roundRecord: encoding.roundRecordHash({ seed, includeHash, aggregateRoot, poster, attesters }),
    };
  });
}

function signedStruct(random: Random): SignedStruct {
  const [round, seed] = [random.uint32(), randomHex(random, 32)];
  const [includeHash, aggregateRoot] = [randomHex(random, 32), randomHex(random, 32)];
  const small = random.below(256);
  return [
    {
      type: "Opening",
      round,
      seed,
      position: small,
      updateRoot: includeHash,
      exampleCount: random.uint32(),
      salt: aggregateRoot,
    },
    { type: "Bitmap", round, seed, seat: small, bits: BigInt(randomHex(random, 32)) },
    { type: "Attestation", round, seed, slot: small, includeHash, aggregateRoot },
    { type: "Commit", round, seed, commitment: aggregateRoot },
    { type: "ScoreCommit", round, seed, includeHash, commitment: aggregateRoot },
    {
      type: "ScoreOpening",
      round,
      seed,
      seat: small,
      vector: randomHex(random, 2 * random.below(20)),
      salt: aggregateRoot,
    },
  ][random.below(6)] as SignedStruct;
}

function signatureCases(random: Random): unknown[] {
  return times(60, () => {
    const privateKey = randomBytes(random, 32);
    const domain = { chainId: 1 + random.below(100_000), job: randomHex(random, 20) };
    const message = signedStruct(random);
    const digest = structDigest(domain, message);
    const plain = Object.fromEntries(
      Object.entries(message).map(([name, value]) => [name, typeof value === "bigint" ? `${value}` : value]),
    );
    return {
      ...domain,
      message: plain,
      signer: addressOfPrivateKey(privateKey),
      digest: toHex(digest),
      signature: signDigest(digest, privateKey),
    };
  });
}

function registrationCases(random: Random): unknown[] {
  return times(20, () => {
    const privateKey = randomBytes(random, 32);
    const registry = { chainId: 1 + random.below(100_000), registry: randomHex(random, 20) };
    const consent = {
      wallet: randomHex(random, 20),
      operator: addressOfPrivateKey(privateKey),
      nonce: BigInt(random.below(9)),
    };
    const digest = registrationDigest(registry, consent);
    return {
      ...registry,
      ...consent,
      nonce: `${consent.nonce}`,
      digest: toHex(digest),
      signature: signDigest(digest, privateKey),
    };
  });
}

/** All vector files by name, as they should stand in test/vectors. */
export function vectorFiles(): ReadonlyMap<string, string> {
  const files = {
    fixedPoint: { mean: meanCases(seededRandom(1)), aggregates: aggregateCases(seededRandom(12)) },
    merkle: { proofs: merkleCases(seededRandom(2)) },
    sortition: {
      weightedDraws: weightedDrawCases(seededRandom(13)),
      seeds: seedCases(seededRandom(4)),
    },
    scores: {
      medians: medianCases(seededRandom(5)),
      rounds: scoreCases(seededRandom(6)),
      trailing: trailingCases(seededRandom(7)),
      splits: splitCases(seededRandom(8)),
    },
    encoding: {
      hashes: encodingCases(seededRandom(9)),
      signatures: signatureCases(seededRandom(10)),
      registrations: registrationCases(seededRandom(11)),
    },
  };
  return new Map(
    Object.entries(files).map(([name, groups]) => {
      const lines = Object.entries(groups).map(
        ([group, cases]) =>
          `  ${JSON.stringify(group)}: [\n${cases.map((one) => `    ${JSON.stringify(one)}`).join(",\n")}\n  ]`,
      );
      return [`${name}.json`, `{\n${lines.join(",\n")}\n}\n`];
    }),
  );
}

if (import.meta.main) {
  for (const [name, text] of vectorFiles()) writeFileSync(new URL(`../../test/vectors/${name}`, import.meta.url), text);
}
