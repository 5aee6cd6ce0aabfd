import { resolve } from "node:path";
import { InvalidArgumentError, Option, type Command } from "commander";
import { PacelineError } from "../../core/errors.ts";
import { FAULTS } from "../../daemon/behaviours.ts";
import { finalTables } from "../../dashboard/finalTables.ts";
import { writeReport } from "../../dashboard/report.ts";
import type { SimulationReport } from "../../dashboard/reportData.ts";
import { createLiveView } from "../../dashboard/terminal.ts";
import { EXIT_CHECK_FAILED } from "../exitCodes.ts";
import { aList, anAmount, aPartition, whole } from "../options.ts";
import { measureBaselines } from "../simulation/baselines.ts";
import { buildReport } from "../simulation/buildReport.ts";
import { givenChain } from "../simulation/chainProcess.ts";
import { openFederation } from "../simulation/federation.ts";
import { LiveStatusKeeper } from "../simulation/liveStatus.ts";
import { DEFAULT_SETTINGS, type SimulationSettings } from "../simulation/settings.ts";

/** The settings as the command line gives them. */
interface SimulateOptions extends Omit<SimulationSettings, "label" | "trainExamples" | "testExamples"> {
  readonly label?: string;
  readonly examples?: number;
  readonly testExamples?: number;
  readonly rpc?: string;
  readonly out: string;
  readonly json?: boolean;
}

const D = DEFAULT_SETTINGS;

export function define(command: Command): void {
  command
    .addOption(new Option("--data <source>", "digits, idx:FOLDER or csv:FILE").default(D.data))
    .option("--label <column>", "label column of a CSV file, by name or by number from 1")
    .addOption(
      new Option("--ignore <columns>", "columns of a CSV file to leave out, separated by commas")
        .argParser(aList)
        .default([], "none"),
    )
    .addOption(new Option("--participants <n>", "how many take part").argParser(whole(3, 64)).default(D.participants))
    .addOption(new Option("--rounds <n>", "rounds to train").argParser(whole(1, 1000)).default(D.rounds))
    .addOption(new Option("--committee <n>", "seats that judge a round").argParser(whole(3, 32)).default(D.committee))
    .addOption(
      new Option("--partition <scheme>", "iid, dirichlet:ALPHA, shards:N, quantity:BETA, group or blocks")
        .argParser(aPartition)
        .default(D.partition, "dirichlet:1"),
    )
    .addOption(
      new Option("--seed <n>", "decides the data, the parts, the model's start and the order of examples")
        .argParser(whole(0, 0xffffffff))
        .default(D.seed),
    )
    .addOption(
      new Option("--examples <n>", "training examples to use; digits draws 2000 a participant").argParser(
        whole(20, 1_000_000),
      ),
    )
    .addOption(new Option("--test-examples <n>", "test examples to use").argParser(whole(10, 1_000_000)))
    .addOption(
      new Option("--hidden <units>", "units of the hidden layers, separated by commas; 0 for softmax regression")
        .argParser(layers)
        .default(D.hidden, D.hidden.join(",")),
    )
    .addOption(new Option("--learning-rate <rate>", "of local SGD").argParser(positive).default(D.learningRate))
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
    .addOption(new Option("--out <folder>", "where report.html and report.json go").default("."))
    .option("--json", "print the report as one JSON object")
    .addHelpText(
      "after",
      "\nExample: paceline simulate --data csv:patients.csv --label diagnosis --participants 5 --hidden 16",
    )
    .action(async (options: SimulateOptions) => {
      const report = await simulate(toSettings(options), options);
      if (!report.checks.every(({ passed }) => passed)) process.exitCode = EXIT_CHECK_FAILED;
    });
}

async function simulate(settings: SimulationSettings, { json, out, rpc }: SimulateOptions): Promise<SimulationReport> {
  const startedAt = new Date();
  const started = performance.now();
  const seconds = (): number => (performance.now() - started) / 1000;
  const view = createLiveView(json === true ? process.stderr : process.stdout);
  const openChain = rpc === undefined ? undefined : () => Promise.resolve(givenChain(rpc));
  const federation = await openFederation(settings, (stage) => view.stage(stage), openChain);
  const status = new LiveStatusKeeper(federation, seconds, (live) => view.update(live));
  const interrupted = interruption();
  try {
    const { members } = await Promise.race([federation.run(status), interrupted.promise]);
    view.stage("training the baselines: one model on all honest data, and each participant alone");
    const names = federation.accounts.map(({ name }) => name);
    const ejected = members.flatMap((member, index) => (member.ejected ? [index] : []));
    const baselines = await measureBaselines(
      settings,
      federation.spec,
      federation.model,
      federation.data,
      names,
      ejected,
    );
    view.stage("paying everybody out");
    const report = await buildReport(federation, baselines, startedAt, seconds());
    view.finish();
    await publish(report, resolve(out), json === true);
    return report;
  } finally {
    interrupted.forget();
    view.finish();
    await federation.stop();
  }
}

async function publish(report: SimulationReport, folder: string, json: boolean): Promise<void> {
  const text = JSON.stringify(report, null, 2);
  await writeReport(report, folder);
  if (json) await writeAll(`${text}\n`);
  else
    await writeAll(
      `${finalTables(report)}\n\nThe same as a page: ${resolve(folder, "report.html")}, as data: ${resolve(folder, "report.json")}\n`,
    );
}

/** Waits until a pipe has taken everything, so that nothing is cut off at the process's end. */
function writeAll(text: string): Promise<void> {
  return new Promise((done) => process.stdout.write(text, () => done()));
}

/** Rejects on the first Ctrl-C, so that the chain and the participants are stopped before the process ends. */
function interruption(): { promise: Promise<never>; forget(): void } {
  let onSignal = (): void => undefined;
  const promise = new Promise<never>((_, reject) => {
    onSignal = () => reject(new PacelineError("closed", "stopped before the end: no report was written"));
    process.once("SIGINT", onSignal);
    process.once("SIGTERM", onSignal);
  });
  promise.catch(() => undefined);
  return {
    promise,
    forget() {
      process.off("SIGINT", onSignal);
      process.off("SIGTERM", onSignal);
    },
  };
}

function toSettings(options: SimulateOptions): SimulationSettings {
  const { examples, testExamples, label, ...rest } = options;
  if (options.data.startsWith("csv:") && label === undefined) {
    throw new PacelineError(
      "bad-input",
      "--data csv:FILE needs --label COLUMN: the column to predict, by name or by number from 1",
    );
  }
  if (options.signFlippers + options.freeRiders >= options.participants) {
    throw new PacelineError(
      "bad-input",
      "--sign-flippers and --free-riders together must leave at least one honest participant",
    );
  }
  if (options.liarRound > options.rounds && options.liarRound !== D.liarRound) {
    throw new PacelineError(
      "bad-input",
      `--liar-round ${options.liarRound} is after the last of ${options.rounds} rounds`,
    );
  }
  const liarRound = options.liarRound > options.rounds ? 0 : options.liarRound;
  return { ...rest, label, trainExamples: examples, testExamples, liarRound };
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
