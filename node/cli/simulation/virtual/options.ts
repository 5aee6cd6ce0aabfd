import { InvalidArgumentError, Option, type Command } from "commander";
import { PacelineError } from "../../../core/errors.ts";
import { whole } from "../../options.ts";
import { toSettings, type SimulateOptions } from "../commandLine.ts";
import type { SimulationSettings } from "../settings.ts";
import { TRAINERS, type TrainerKind, type VirtualSettings } from "./settings.ts";

/** The options of `paceline simulate --virtual`. */

export interface VirtualOptions extends SimulateOptions {
  readonly virtual?: boolean;
  readonly peers: number;
  readonly cohort: number;
  readonly trainer: TrainerKind;
  readonly loss: number;
  readonly delay: number;
  readonly churn: number;
}

const ONLY_VIRTUAL = ["peers", "cohort", "trainer", "loss", "delay", "churn"];
const NOT_VIRTUAL = ["participants", "rpc", "isolate", "out", "audit", "archive"];
const USUAL_COMMITTEE = 21;
/** Of the embedded digits: enough to learn from, and little enough for a thousand to be held. */
const DIGITS_EACH = 60;

/** How many there are, and what is between them. */
export function defineVirtual(command: Command): void {
  command
    .option(
      "--virtual",
      "simulate many: the daemon's own code for each, on a virtual clock, with chain and network in memory; a softmax regression and 21 seats unless told otherwise",
    )
    .addOption(new Option("--peers <n>", "with --virtual: members of the job").argParser(whole(3, 20_000)).default(100))
    .addOption(
      new Option("--cohort <n>", "with --virtual: how many of them train in a round")
        .argParser(whole(3, 64))
        .default(64),
    )
    .addOption(
      new Option(
        "--trainer <kind>",
        "with --virtual: learn from the data, or noise, where only the protocol is studied",
      )
        .choices(TRAINERS)
        .default("learn"),
    )
    .addOption(
      new Option("--loss <share>", "with --virtual: of the messages that a peer is sent, and of its transfers")
        .argParser(between(0, 0.9))
        .default(0),
    )
    .addOption(
      new Option("--delay <seconds>", "with --virtual: longest time that a message takes")
        .argParser(between(0.001, 30))
        .default(0.02),
    )
    .addOption(
      new Option("--churn <n>", "with --virtual: members that leave in each round, and newcomers in their places")
        .argParser(whole(0, 32))
        .default(0),
    );
}

function between(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !(value >= least && value <= most))
      throw new InvalidArgumentError(`Give a number from ${least} to ${most}.`);
    return value;
  };
}

/** @throws PacelineError `bad-input` for options that are for the other kind of simulation */
export function requireKind({ virtual = false }: VirtualOptions, command: Command): void {
  const wrong = (virtual ? NOT_VIRTUAL : ONLY_VIRTUAL).find((name) => command.getOptionValueSource(name) === "cli");
  if (wrong === undefined) return;
  const hint = virtual ? "has no place with --virtual" : "is for --virtual only";
  throw new PacelineError("bad-input", `--${wrong} ${hint}`);
}

/** @throws as `toSettings` */
export function toVirtualSettings(options: VirtualOptions, command: Command): VirtualSettings {
  const { peers, trainer, loss, delay, churn } = options;
  const isGiven = (name: string): boolean => command.getOptionValueSource(name) === "cli";
  const settings = toSettings({ ...options, participants: peers }, command);
  const ofTheJob = settings.job?.spec.members;
  const simulation: SimulationSettings = {
    ...settings,
    participants: peers,
    cohort: Math.min(peers, isGiven("cohort") ? options.cohort : (ofTheJob?.cohort ?? options.cohort)),
    committee: Math.min(peers, isGiven("committee") ? options.committee : (ofTheJob?.committee ?? USUAL_COMMITTEE)),
    hidden: isGiven("hidden") || isGiven("model") ? options.hidden : [],
    trainExamples: settings.trainExamples ?? (options.data === "digits" ? DIGITS_EACH * peers : undefined),
  };
  return { simulation, trainer, loss, delay, churn };
}
