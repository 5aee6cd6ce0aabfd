import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import { z } from "zod";
import { toHex, type Address, type Hex } from "../core/bytes.ts";
import { PacelineError } from "../core/errors.ts";
import { WEIGHTED_MEAN_RULE, type JobTerms } from "../core/jobTerms.ts";
import { MAX_WEIGHT_SUM } from "../core/weightedMean.ts";
import { modelSpecSchema, parameterCount } from "../training/modelSpec.ts";

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

const schema = z.strictObject({
  name: z.string().min(1).max(100),
  model: modelSpecSchema,
  /** Decides the initial params. */
  seed: z.int().min(0).max(0xffffffff),
  data: z.strictObject({
    description: z.string().max(1000).default(""),
    /** Features of an example and classes must be the model's. */
    normalisation: z.enum(["none", "standardise"]).default("none"),
  }),
  localTraining: z.strictObject({
    localEpochs: z.int().min(1).max(100),
    batchSize: z.int().min(1).max(65_536),
    learningRate: z.number().positive().max(100),
  }),
  aggregation: z.strictObject({
    rule: z.literal("weighted-mean"),
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
    metric: z.literal("cross-entropy"),
  }),
  rounds: z.int().min(1).max(100_000),
  members: z.strictObject({
    start: z.int().min(3).max(65_535),
    cohort: z.int().min(3).max(64),
    committee: z.int().min(3).max(32),
    minCommits: z.int().min(3).max(64),
  }),
  phases: z.strictObject({
    join: seconds,
    commit: seconds,
    share: seconds,
    slot: seconds,
    attest: seconds,
    challenge: seconds,
    score: seconds,
    unbond: z.int().min(1).max(4_294_967_295), // outlasts a round: up to 32 slots and their challenges
    blocks: z.int().min(0).max(10_000),
  }),
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
  const spec = parsed.data;
  const split = spec.money.contributorsBps + spec.money.aggregatorBps + spec.money.committeeBps + spec.money.keepersBps;
  const problem =
    split !== 10_000
      ? `money: the four shares sum to ${split}, not to 10000`
      : spec.members.cohort * spec.aggregation.weightCap > MAX_WEIGHT_SUM
        ? `aggregation.weightCap: cohort times weightCap must be at most ${MAX_WEIGHT_SUM}`
        : spec.members.minCommits > spec.members.cohort
          ? "members.minCommits: must not exceed the cohort"
          : undefined;
  if (problem !== undefined) throw new PacelineError("bad-input", `the job file is not valid: ${problem}`);
  return spec;
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

/** Whole tokens to the token's smallest unit. Throws `bad-input` for more decimals than the token has. */
export function toUnits(amount: string, decimals: number): bigint {
  const [whole = "0", fraction = ""] = amount.split(".");
  if (fraction.length > decimals)
    throw new PacelineError("bad-input", `${amount} has more than the token's ${decimals} decimals`);
  return BigInt(whole) * 10n ** BigInt(decimals) + BigInt(fraction.padEnd(decimals, "0") || "0");
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
    vectorLength: parameterCount(spec.model),
    weightCap: aggregation.weightCap,
    startMembers: members.start,
    cohortSize: members.cohort,
    committeeSize: members.committee,
    minCommits: members.minCommits,
    rule: WEIGHTED_MEAN_RULE,
    minExponent: encoding.minExponent,
    maxExponent: encoding.maxExponent,
    initialExponent: encoding.initialExponent,
    joinSeconds: phases.join,
    commitSeconds: phases.commit,
    shareSeconds: phases.share,
    slotSeconds: phases.slot,
    attestSeconds: phases.attest,
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
