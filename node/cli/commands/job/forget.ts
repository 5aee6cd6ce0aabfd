import { existsSync } from "node:fs";
import { Option, type Command } from "commander";
import type { Address } from "../../../core/bytes.ts";
import { forget, jobFolder, openHome } from "../../../daemon/home/home.ts";
import { lockHome } from "../../../daemon/home/homeLock.ts";
import { acts } from "../../command.ts";
import { anAddress, DEFAULT_HOME } from "../../options.ts";
import { table, type Outcome } from "../../output.ts";

interface ForgetOptions {
  readonly home: string;
  readonly job: Address;
}

export function define(command: Command): void {
  command
    .addOption(new Option("--job <address>", "the job").argParser(anAddress).makeOptionMandatory())
    .addOption(new Option("--home <dir>", "the home that follows the job").default(DEFAULT_HOME));
  acts<ForgetOptions>(command, "paceline job forget --job 0xJOB --home clinic", forgetJob);
}

/** The chain is not asked, for a job that is not there can be forgotten too; and nothing is removed that may still be worth something. */
async function forgetJob({ home: folder, job }: ForgetOptions): Promise<Outcome> {
  const home = openHome(folder);
  // A daemon that runs goes on with the job, and with its view of the home.
  const lock = await lockHome(home.folder);
  try {
    const { jobs, deployment } = forget(home, job).config;
    const files = deployment === undefined ? undefined : jobFolder(folder, deployment.chainId, job);
    const left = files !== undefined && existsSync(files) ? files : undefined;
    const text = table([
      ["forgotten", job],
      ["still followed", jobs.length === 0 ? "none" : jobs.map(({ address }) => address).join(", ")],
      ["its files", left === undefined ? "none" : `${left}, to be removed once the job is over and paid for`],
    ]);
    return {
      data: { job, followed: jobs.map(({ address }) => address), ...(left === undefined ? {} : { files: left }) },
      text: `${text}\nA member that is away from a job that goes on is fined there: \`paceline job leave\` ends that.`,
    };
  } finally {
    lock.release();
  }
}
