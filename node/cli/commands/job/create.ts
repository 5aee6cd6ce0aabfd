import { Option, type Command } from "commander";
import { createJob, readHeld } from "../../../chain/accounts.ts";
import { PacelineError } from "../../../core/errors.ts";
import { initialVector } from "../../../daemon/learning/federatedFit.ts";
import { genesisHash, termsOf, toUnits } from "../../../daemon/job/jobSpec.ts";
import { openWallet, withChainAccess } from "../../chainAccess.ts";
import { acts } from "../../command.ts";
import { openJobFile } from "../../../daemon/job/jobFile.ts";
import { anAmount, withChain, withWallet, type ChainOptions, type WalletOptions } from "../../options.ts";
import { formatUnits, table, type Outcome } from "../../output.ts";

interface CreateOptions extends ChainOptions, WalletOptions {
  readonly file: string;
  readonly pool: string;
}

export function define(command: Command): void {
  withWallet(withChain(command))
    .requiredOption("--file <file>", "the job file")
    .addOption(
      new Option("--pool <amount>", "pay for all rounds, in whole tokens").argParser(anAmount).makeOptionMandatory(),
    );
  acts<CreateOptions>(command, "paceline job create --file job.json --pool 1000 --wallet wallet.json", create);
}

function create(options: CreateOptions): Promise<Outcome> {
  const { spec, model } = openJobFile(options.file);
  return withChainAccess(options, undefined, async ({ endpoint, deployment, token }) => {
    const terms = termsOf(spec, token, genesisHash(initialVector(spec, model)));
    const pool = toUnits(options.pool, token.decimals);
    const wallet = await openWallet(options, endpoint);
    const held = await readHeld(endpoint, token.address, wallet.address);
    if (held < pool) {
      const has = `${formatUnits(held, token.decimals)} ${token.symbol}`;
      throw new PacelineError(
        "insufficient-funds",
        `the wallet ${wallet.address} has ${has}, the pool is ${options.pool}: send it the rest first`,
      );
    }
    const { job, blockNumber } = await createJob(wallet, endpoint, deployment, terms, pool);
    const text = table([
      ["job", job],
      ["from block", String(blockNumber)],
      ["pool", `${options.pool} ${token.symbol}`],
    ]);
    const next = `Participants need this address, ${options.file} and the deployment file:\n  paceline job join --job ${job} --wallet FILE\n  paceline start --job ${job} --job-file ${options.file} --data SOURCE`;
    return {
      data: { job, fromBlock: blockNumber, specHash: terms.specHash, pool: options.pool, token: token.address },
      text: `${text}\n${next}`,
    };
  });
}
