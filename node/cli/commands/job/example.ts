import type { Command } from "commander";
import { DIGITS_CONTRACT } from "../../../data/contract/digits.ts";
import { USUAL_MONEY, type JobSpecInput } from "../../../daemon/jobSpec.ts";
import { acts } from "../../command.ts";

/** A job on the digits that five participants can run on one machine; times in seconds, money in whole tokens. */
export const EXAMPLE_JOB: JobSpecInput = {
  name: "digits",
  model: { kind: "mlp", inputs: 784, hidden: [64], classes: 10 },
  seed: 1,
  data: { description: "handwritten digits, 28 by 28, values 0 to 1", contract: DIGITS_CONTRACT },
  localTraining: { localEpochs: 1, batchSize: 16, learningRate: 0.1 },
  aggregation: { rule: "weighted-mean", weightCap: 1_000_000 },
  encoding: { type: "int16", minExponent: 4, maxExponent: 18, initialExponent: 12, clipNorm: 50 },
  scoring: { method: "path", points: 8, metric: "loss" },
  rounds: 10,
  members: { start: 5, cohort: 16, committee: 7, minCommits: 3 },
  phases: {
    join: 3600,
    commit: 300,
    share: 60,
    slot: 30,
    demand: 20,
    challenge: 120,
    score: 60,
    unbond: 3600,
    blocks: 1,
  },
  money: USUAL_MONEY,
};

export function define(command: Command): void {
  acts(command, "paceline job example > job.json", async () => ({
    data: { ...EXAMPLE_JOB },
    text: JSON.stringify(EXAMPLE_JOB, undefined, 2),
  }));
}
