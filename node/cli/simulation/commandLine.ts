import { dirname, resolve } from "node:path";
import { InvalidArgumentError, Option, type Command } from "commander";
import { PacelineError } from "../../core/errors.ts";
import { FAULTS } from "../../daemon/learning/behaviours.ts";
import { readJobFile } from "../../daemon/job/jobFile.ts";
import type { PartitionScheme } from "../../data/partition.ts";
import { aList, anAmount, aPartition, whole } from "../options.ts";
import { DEFAULT_SETTINGS, type JobToSimulate, type SimulationSettings } from "./settings.ts";
import { SIMULATED_MODELS, SIMULATED_OPTIMISERS } from "./simulatedModel.ts";

/** The options of `paceline simulate`, and the settings that they come to. */

type Given = Omit<
  SimulationSettings,
  "job" | "label" | "learningRate" | "partition" | "testData" | "testExamples" | "trainExamples"
>;

/** The settings as the command line gives them. */
export interface SimulateOptions extends Given {
  readonly job?: string;
  readonly label?: string;
  readonly learningRate?: number;
  readonly partition?: PartitionScheme;
  readonly testData?: string;
  readonly examples?: number;
  readonly testExamples?: number;
  readonly rpc?: string;
  readonly out: string;
  readonly json?: boolean;
}

const D = DEFAULT_SETTINGS;

/** A cohort that everybody is in. */
const MOST_PARTICIPANTS = 64;

/** What a job file says. */
const OF_THE_JOB = [
  "label",
  "target",
  "ignore",
  "model",
  "hidden",
  "optimiser",
  "learningRate",
  "batchSize",
  "localEpochs",
  "clipNorm",
];

/** What is learnt, and from what. */
export function defineWork(command: Command): void {
  command
    .addOption(
      new Option(
        "--data <source>",
        "digits, or a format and a path: csv:, tsv:, jsonl:, parquet:, idx:, images:; with --job also npy:, conll:, text:",
      ).default(D.data),
    )
    .option("--test-data <source>", "examples to measure on (default: the source's own test part, or a fifth of it)")
    .addOption(
      new Option(
        "--job <file>",
        "run this job, with the simulation's participants and phases; what its data contract leaves open, and sizes of its model that follow from it, are fitted to the data",
      ).conflicts(OF_THE_JOB),
    )
    .option("--label <column>", "label column of a table, by name or by number from 1 (default: the last)")
    .addOption(
      new Option("--target <what>", "whether the label names a class or is a number to be told")
        .choices(["class", "number"])
        .default(D.target),
    )
    .addOption(
      new Option("--ignore <columns>", "columns of a table to leave out, separated by commas")
        .argParser(aList)
        .default([], "none"),
    )
    .addOption(
      new Option("--examples <n>", "training examples to use; digits draws 2000 a participant").argParser(
        whole(20, 10_000_000),
      ),
    )
    .addOption(new Option("--test-examples <n>", "test examples to use").argParser(whole(10, 10_000_000)))
    .addOption(new Option("--model <kind>", "what is trained").choices(SIMULATED_MODELS).default(D.model))
    .addOption(
      new Option("--hidden <units>", "units of the dense hidden layers, separated by commas; 0 for none: a regression")
        .argParser(layers)
        .default(D.hidden, D.hidden.join(",")),
    )
    .addOption(new Option("--optimiser <kind>", "of local training").choices(SIMULATED_OPTIMISERS).default(D.optimiser))
    .addOption(
      new Option(
        "--learning-rate <rate>",
        "of local training (default: 0.25 with sgd; less for a cnn or a number; a tenth with momentum; 0.002 with adam)",
      ).argParser(positive),
    )
    .addOption(
      new Option("--batch-size <n>", "examples in a mini-batch").argParser(whole(1, 65_536)).default(D.batchSize),
    )
    .addOption(
      new Option("--local-epochs <n>", "local epochs in a round").argParser(whole(1, 100)).default(D.localEpochs),
    )
    .addOption(
      new Option("--clip-norm <norm>", "longest update, in the units of the params")
        .argParser(positive)
        .default(D.clipNorm),
    )
    .addOption(
      new Option(
        "--seed <n>",
        "decides the data, the parts, the order of examples, and without --job the model's start",
      )
        .argParser(whole(0, 0xffffffff))
        .default(D.seed),
    );
}

/** Who takes part, and what goes wrong. */
export function defineFederation(command: Command): void {
  command
    .addOption(
      new Option("--participants <n>", "how many take part; with --job as many as it starts with")
        .argParser(whole(3, MOST_PARTICIPANTS))
        .default(D.participants),
    )
    .addOption(
      new Option("--rounds <n>", "rounds to train; with --job as many as it has")
        .argParser(whole(1, 1000))
        .default(D.rounds),
    )
    .addOption(
      new Option("--committee <n>", "seats that judge a round; with --job as many as it has")
        .argParser(whole(3, 32))
        .default(D.committee),
    )
    .addOption(
      new Option(
        "--partition <scheme>",
        "iid, dirichlet:ALPHA, shards:N, quantity:BETA, group or blocks (default: group where the data have enough of them, dirichlet:1 for classes, else iid)",
      ).argParser(aPartition),
    )
    .addOption(
      new Option("--sign-flippers <n>", "participants that send the opposite of their update")
        .argParser(whole(0, 64))
        .default(D.signFlippers),
    )
    .addOption(
      new Option("--free-riders <n>", "participants that return the global model with noise")
        .argParser(whole(0, 64))
        .default(D.freeRiders),
    )
    .addOption(
      new Option("--liar-round <n>", "round whose first aggregator lies; 0 for none")
        .argParser(whole(0, 1000))
        .default(D.liarRound),
    )
    .addOption(
      new Option(
        "--fault <kind>",
        "what is wrong in that round: a lie, also one hidden from the others or from the chain too; no proposal; or a seat that attests two roots",
      )
        .choices(FAULTS)
        .default(D.fault),
    )
    .addOption(new Option("--isolate <how>", "where participants run").choices(["none", "process"]).default(D.isolate))
    .option(
      "--rpc <url>",
      "a local chain that runs already, with Hardhat's usual accounts, such as anvil (default: one of its own)",
    )
    .addOption(new Option("--pool <tokens>", "pay for all rounds").argParser(anAmount).default(D.pool))
    .option(
      "--audit",
      "replay the whole job at the end from the chain and the blobs alone, and check that it reproduces",
    )
    .option(
      "--archive <folder>",
      "keep every update and aggregate, the job file and the addresses, for `paceline audit`",
    )
    .addOption(new Option("--out <folder>", "where report.html and report.json go").default("."))
    .option("--json", "print the report as one JSON object");
}

/** @throws PacelineError `not-found` or `bad-input`, where the options do not go together or the job file is none */
export function toSettings(options: SimulateOptions, command: Command): SimulationSettings {
  const { examples, job: file, label, learningRate, liarRound: lies, partition, testData, testExamples } = options;
  const job = file === undefined ? undefined : { spec: readJobFile(file), folder: dirname(file) };
  const { participants, rounds, committee } = { ...options, ...sizesOf(job, command) };
  if (options.signFlippers + options.freeRiders >= participants) {
    throw new PacelineError(
      "bad-input",
      "--sign-flippers and --free-riders together must leave at least one honest participant",
    );
  }
  if (lies > rounds && lies !== D.liarRound) {
    throw new PacelineError("bad-input", `--liar-round ${lies} is after the last of ${rounds} rounds`);
  }
  return {
    ...options,
    job,
    label,
    learningRate,
    partition,
    testData,
    participants,
    rounds,
    committee,
    trainExamples: examples,
    testExamples,
    archive: options.archive === undefined ? undefined : resolve(options.archive),
    liarRound: lies > rounds ? 0 : lies,
  };
}

/** What a job says and the command line does not. */
function sizesOf(job: JobToSimulate | undefined, command: Command): Partial<SimulationSettings> {
  if (job === undefined) return {};
  const { members, rounds } = job.spec;
  const sizes = { participants: Math.min(MOST_PARTICIPANTS, members.start), rounds, committee: members.committee };
  return Object.fromEntries(Object.entries(sizes).filter(([name]) => command.getOptionValueSource(name) === "default"));
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 100)) throw new InvalidArgumentError("Give a number above 0 and at most 100.");
  return value;
}

function layers(text: string): number[] {
  if (text === "0") return [];
  return aList(text).map(whole(1, 65_536));
}
