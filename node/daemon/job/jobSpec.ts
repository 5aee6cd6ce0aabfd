import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import { z } from "zod";
import { toHex, type Address, type Hex } from "../../core/bytes.ts";
import { PacelineError } from "../../core/errors.ts";
import { AGGREGATION_RULES, type JobTerms } from "../../core/jobTerms.ts";
import { MAX_WEIGHT_SUM } from "../../core/weightedMean.ts";
import { columnMeansLength } from "../../data/columnMeans.ts";
import { dataContractSchema } from "../../data/contract.ts";
import { METRIC_NAMES } from "../../training/metrics/metric.ts";
import { optimiserSchema } from "../../training/optimiserSpec.ts";
import { scheduleSchema } from "../../training/scheduleSpec.ts";
import type { LocalPlan } from "../../training/trainer.ts";
import { modelSpecSchema, parameterCountOf } from "./jobModel.ts";

/**
 * job.json: what a federation is about. Its canonical form (RFC 8785) is hashed onto the chain, so all participants train
 * the same model in the same way or not at all.
 */

const seconds = z.int().min(1).max(604_800);
/** Whole tokens as a decimal number or string, such as "12.5". */
const tokens = z.union([z.string(), z.number()]).transform((value, context) => {
  const text = String(value);
  if (/^\d{1,12}(\.\d{1,18})?$/.test(text)) return text;
  context.addIssue({ code: "custom", message: "a token amount is a decimal number such as 12.5" });
  return z.NEVER;
});
const bps = z.int().min(0).max(10_000);
const exponent = z.int().min(-30).max(30);

/** A multiaddr that ends in the peer of a secp256k1 key, as operators' are (libp2p peer ids of 37 bytes, in base58). */
const PEER_ADDRESS = /^(\/[^/\s]+){2,20}\/p2p\/16Uiu2[1-9A-HJ-NP-Za-km-z]{47}$/;

const schema = z.strictObject({
  name: z.string().min(1).max(100),
  model: modelSpecSchema,
  task: z
    .strictObject({
      /** What an example of each class counts in the loss; 1 each by default. */
      classWeights: z.array(z.number().positive().max(1e6)).min(2).max(10_000).optional(),
      /** What participants tell of the model on their own validation examples; the usual one of the task by default. */
      metrics: z.array(z.enum(METRIC_NAMES)).max(10).optional(),
    })
    .default({}),
  /** Decides the initial params. */
  seed: z.int().min(0).max(0xffffffff),
  data: z.strictObject({
    description: z.string().max(1000).default(""),
    /** What a participant's file must look like, and what becomes of it. */
    contract: dataContractSchema,
    /**
     * Where means and deviations that the contract leaves open come from: a sample, before the job is opened (`paceline job fit`);
     * or the participants' own, in the first round, as a weighted mean of theirs.
     */
    fit: z.enum(["sample", "federated"]).default("sample"),
  }),
  localTraining: z.strictObject({
    /** Passes over the participant's examples in a round; or `localSteps`, a number of mini-batches. */
    localEpochs: z.int().min(1).max(100).optional(),
    localSteps: z.int().min(1).max(1_000_000).optional(),
    batchSize: z.int().min(1).max(65_536),
    learningRate: z.number().positive().max(100),
    schedule: scheduleSchema.optional(),
    optimiser: optimiserSchema.default({ kind: "sgd" }),
    /** A member whose update is shorter, in the units of the params, passes the round (event-triggered updates). */
    passBelowNorm: z.number().positive().max(1e6).optional(),
  }),
  aggregation: z.strictObject({
    rule: z.enum(AGGREGATION_RULES),
    /** Of the trimmed mean: so many thousandths of the updates are dropped at either end of each coordinate. */
    trimPermille: z.int().min(0).max(499).default(0),
    weightCap: z
      .int()
      .min(1)
      .max(2 ** 24 - 1),
  }),
  encoding: z.strictObject({
    type: z.literal("int16"),
    minExponent: exponent,
    maxExponent: exponent,
    initialExponent: exponent,
    clipNorm: z.number().positive().max(1e6),
  }),
  scoring: z.strictObject({
    method: z.literal("path"),
    points: z.int().min(1).max(64),
    /** Utility is the fall of the model's loss on a seat's validation examples. */
    metric: z.literal("loss"),
  }),
  rounds: z.int().min(1).max(100_000),
  members: z.strictObject({
    start: z.int().min(3).max(65_535),
    cohort: z.int().min(3).max(64),
    committee: z.int().min(3).max(32),
    minCommits: z.int().min(3).max(64),
    /** Whether everybody is drawn alike, or by stake. */
    draws: z.enum(["equal", "stake"]).default("equal"),
    /** Draws that a missed duty keeps a member out of. */
    suspendDraws: z.int().min(0).max(255).default(1),
  }),
  phases: z.strictObject({
    join: seconds,
    commit: seconds,
    share: seconds,
    slot: seconds,
    /** To answer a demand; and the window's length once a quorum has attested. */
    demand: seconds,
    challenge: seconds,
    score: seconds,
    unbond: z.int().min(1).max(4_294_967_295), // outlasts a round: up to 32 slots and their challenges
    blocks: z.int().min(0).max(10_000),
  }),
  /** How participants find each other before they know anybody. It is hashed like the rest: name peers that stay. */
  network: z
    .strictObject({
      /** Operators that are up as a rule, as multiaddrs with their /p2p/…. */
      bootstrap: z
        .array(
          z
            .string()
            .max(256)
            .regex(PEER_ADDRESS, "a bootstrap peer is a multiaddr such as /dns4/a.example/tcp/4001/p2p/16Uiu2…"),
        )
        .max(16),
    })
    .optional(),
  money: z.strictObject({
    stake: tokens,
    faultSlash: tokens,
    missSlash: tokens,
    proofReward: tokens,
    contributorsBps: bps,
    aggregatorBps: bps,
    committeeBps: bps,
    keepersBps: bps,
  }),
});

export type JobSpec = z.infer<typeof schema>;
/** job.json as a person writes it: defaults may be left out. */
export type JobSpecInput = z.input<typeof schema>;

/** Stakes, slashes and the split of the pay that a job may start from. */
export const USUAL_MONEY: JobSpecInput["money"] = {
  stake: "100",
  faultSlash: "50",
  missSlash: "1",
  proofReward: "5",
  contributorsBps: 8000,
  aggregatorBps: 500,
  committeeBps: 1000,
  keepersBps: 500,
};

/** @throws PacelineError `bad-input` naming every field that is wrong */
export function parseJobSpec(value: unknown): JobSpec {
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const problems = parsed.error.issues
      .map(({ path, message }) => `${path.join(".") || "job"}: ${message}`)
      .join("; ");
    throw new PacelineError("bad-input", `the job file is not valid: ${problems}`);
  }
  const problem = contradictionIn(parsed.data);
  if (problem !== undefined) throw new PacelineError("bad-input", `the job file is not valid: ${problem}`);
  return parsed.data;
}

function contradictionIn(spec: JobSpec): string | undefined {
  const { aggregation, localTraining, members, money, phases } = spec;
  if (!hasCanonicalForm(spec)) return "a text in it is no Unicode: it has half of a surrogate pair";
  if ((localTraining.localEpochs === undefined) === (localTraining.localSteps === undefined))
    return "localTraining: give either localEpochs or localSteps";
  const split = money.contributorsBps + money.aggregatorBps + money.committeeBps + money.keepersBps;
  if (split !== 10_000) return `money: the four shares sum to ${split}, not to 10000`;
  if (members.cohort * aggregation.weightCap > MAX_WEIGHT_SUM)
    return `aggregation.weightCap: cohort times weightCap must be at most ${MAX_WEIGHT_SUM}`;
  if (aggregation.trimPermille > 0 && aggregation.rule !== "trimmed-mean")
    return `aggregation.trimPermille: only the trimmed-mean drops updates, not the ${aggregation.rule}`;
  if (members.minCommits > members.cohort) return "members.minCommits: must not exceed the cohort";
  if (phases.demand > phases.challenge) return "phases.challenge: must not be shorter than phases.demand";
  return spec.data.fit === "federated" ? fitContradictionIn(spec) : undefined;
}

function hasCanonicalForm(spec: JobSpec): boolean {
  try {
    return canonicalize(spec) !== undefined;
  } catch {
    return false;
  }
}

/** Means lie in 0 … 1: they must be neither clipped nor out of an int16's range, and must be a mean. */
function fitContradictionIn(spec: JobSpec): string | undefined {
  const { aggregation, data, encoding } = spec;
  if (data.contract.kind !== "table") return `data.fit: ${data.contract.kind} are fitted to a sample`;
  if (aggregation.rule !== "weighted-mean") return "data.fit: a federated fit needs the weighted-mean";
  if (encoding.initialExponent > 14) return "data.fit: a federated fit needs an encoding.initialExponent of at most 14";
  const longest = Math.sqrt(fitLengthOf(spec));
  if (encoding.clipNorm < longest)
    return `encoding.clipNorm: a federated fit of this contract needs at least ${Math.ceil(longest)}`;
  return undefined;
}

/** sha-256 of the canonical JSON (RFC 8785). */
export function specHash(spec: JobSpec): Hex {
  return sha256(new TextEncoder().encode(canonicalize(spec)));
}

/** sha-256 of the initial params, little-endian float32. */
export function genesisHash(params: Float32Array): Hex {
  return sha256(new Uint8Array(params.buffer, params.byteOffset, params.byteLength));
}

function sha256(bytes: Uint8Array): Hex {
  return toHex(createHash("sha256").update(bytes).digest());
}

/** Amounts on the chain have 96 bits. */
const MAX_UNITS = 2n ** 96n - 1n;

/** Whole tokens to the token's smallest unit. Throws `bad-input` for more decimals than the token has, and beyond 96 bits. */
export function toUnits(amount: string, decimals: number): bigint {
  const [whole = "0", fraction = ""] = amount.split(".");
  if (fraction.length > decimals)
    throw new PacelineError("bad-input", `${amount} has more than the token's ${decimals} decimals`);
  const units = BigInt(whole) * 10n ** BigInt(decimals) + BigInt(fraction.padEnd(decimals, "0") || "0");
  if (units > MAX_UNITS) throw new PacelineError("bad-input", `${amount} is more than the contracts can count`);
  return units;
}

/** How a participant of the job trains in a round, from 1. */
export function planOf({ localTraining, rounds }: JobSpec, round: number): LocalPlan {
  const { localEpochs, localSteps, batchSize, learningRate, optimiser, schedule } = localTraining;
  return {
    length: localSteps === undefined ? { localEpochs: localEpochs as number } : { localSteps },
    batchSize,
    learningRate,
    optimiser,
    ...(schedule === undefined ? {} : { schedule, rounds: { round: Math.min(round, rounds), of: rounds } }),
  };
}

/** Values at the end of the job's vector that are the data's means (federatedFit.ts), and not the model's params. */
export function fitLengthOf({ data }: JobSpec): number {
  return data.fit === "federated" && data.contract.kind === "table" ? columnMeansLength(data.contract) : 0;
}

/** Values of an update: the model's params, and what a federated fit puts behind them. */
export function vectorLengthOf(spec: JobSpec): number {
  return parameterCountOf(spec.model) + fitLengthOf(spec);
}

/** What goes onto the chain for a job. */
export function termsOf(
  spec: JobSpec,
  token: { readonly address: Address; readonly decimals: number },
  genesis: Hex,
): JobTerms {
  const units = (amount: string): bigint => toUnits(amount, token.decimals);
  const { aggregation, encoding, members, money, phases } = spec;
  return {
    token: token.address,
    stakeToken: token.address,
    specHash: specHash(spec),
    genesisHash: genesis,
    rounds: spec.rounds,
    vectorLength: vectorLengthOf(spec),
    weightCap: aggregation.weightCap,
    startMembers: members.start,
    cohortSize: members.cohort,
    committeeSize: members.committee,
    minCommits: members.minCommits,
    rule: AGGREGATION_RULES.indexOf(aggregation.rule),
    trimPermille: aggregation.trimPermille,
    minExponent: encoding.minExponent,
    maxExponent: encoding.maxExponent,
    initialExponent: encoding.initialExponent,
    stakeWeighted: members.draws === "stake",
    suspendDraws: members.suspendDraws,
    joinSeconds: phases.join,
    commitSeconds: phases.commit,
    shareSeconds: phases.share,
    slotSeconds: phases.slot,
    demandSeconds: phases.demand,
    challengeSeconds: phases.challenge,
    scoreSeconds: phases.score,
    unbondSeconds: phases.unbond,
    phaseBlocks: phases.blocks,
    stake: units(money.stake),
    faultSlash: units(money.faultSlash),
    missSlash: units(money.missSlash),
    proofReward: units(money.proofReward),
    contributorsBps: money.contributorsBps,
    aggregatorBps: money.aggregatorBps,
    committeeBps: money.committeeBps,
    keepersBps: money.keepersBps,
  };
}
