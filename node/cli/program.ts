import { Command } from "commander";
import manifest from "../../package.json" with { type: "json" };
import type { CommandModule } from "./command.ts";

/** A command's name and purpose are known before its file is loaded, so that `paceline --help` loads none of them. */
interface Entry {
  readonly name: string;
  readonly purpose: string;
  readonly load: () => Promise<CommandModule>;
}

export const COMMANDS: readonly Entry[] = [
  {
    name: "simulate",
    purpose: "run a whole federation on this machine, with a chain of its own, and report on it",
    load: () => import("./commands/simulate.ts"),
  },
  {
    name: "init",
    purpose: "make a participant's home folder, or a wallet's keystore",
    load: () => import("./commands/init.ts"),
  },
  { name: "deploy", purpose: "deploy the contracts to a chain", load: () => import("./commands/deploy.ts") },
  {
    name: "register",
    purpose: "bind a wallet to its daemon's operator key",
    load: () => import("./commands/register.ts"),
  },
  {
    name: "rotate",
    purpose: "give a wallet another operator key, where the old one is lost or stolen",
    load: () => import("./commands/rotate.ts"),
  },
  {
    name: "job",
    purpose: "make and complete a job file; open, join, leave or show a job",
    load: () => import("./commands/job.ts"),
  },
  {
    name: "start",
    purpose: "run the daemon: one participant, in all the jobs that its home follows",
    load: () => import("./commands/start.ts"),
  },
  { name: "stop", purpose: "have a home's daemon end in good order", load: () => import("./commands/stop.ts") },
  {
    name: "log-level",
    purpose: "change how much a home's daemon tells, while it runs and from then on",
    load: () => import("./commands/logLevel.ts"),
  },
  {
    name: "watch",
    purpose:
      "run a daemon that trains on nothing: it recomputes what a job's committee proposes, and proves what is wrong",
    load: () => import("./commands/watch.ts"),
  },
  {
    name: "status",
    purpose: "show where a job stands, and what a participant has in it",
    load: () => import("./commands/status.ts"),
  },
  {
    name: "audit",
    purpose: "replay a job from its chain and blobs, and say where it differs, or that it reproduces",
    load: () => import("./commands/audit.ts"),
  },
  {
    name: "model",
    purpose: "describe a model's file for a job, or write a trained model for other programs",
    load: () => import("./commands/model.ts"),
  },
  {
    name: "predict",
    purpose: "predict a file's examples with a trained model",
    load: () => import("./commands/predict.ts"),
  },
  {
    name: "claim",
    purpose: "pay out what a wallet has earned, or its stake after leaving a job",
    load: () => import("./commands/claim.ts"),
  },
  {
    name: "payout",
    purpose: "say where a wallet's claims and withdrawn stake are sent",
    load: () => import("./commands/payout.ts"),
  },
  {
    name: "bonds",
    purpose: "take back the bonds of an operator's demands, and what its answers were paid",
    load: () => import("./commands/bonds.ts"),
  },
];

/** The program with every command known by name, and those that `wanted` accepts in full. */
export async function createProgram(wanted: (name: string) => boolean): Promise<Command> {
  const program = new Command("paceline");
  program
    .description("Federated learning in which no single party has to be trusted.")
    .version(manifest.version)
    .helpCommand(false)
    .addHelpText("after", "\nExample:\n  $ paceline simulate\n\nExit codes and errors: docs/errors.md");
  for (const { name, purpose, load } of COMMANDS) {
    const command = program.command(name).description(purpose);
    if (wanted(name)) (await load()).define(command);
  }
  for (const command of withSubcommands(program)) quieten(command);
  return program;
}

export function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

/** Errors are thrown and told by main.ts; help and version still go to stdout. */
function quieten(command: Command): void {
  command.exitOverride().configureOutput({ writeErr: () => undefined });
  command.showSuggestionAfterError(true);
}
