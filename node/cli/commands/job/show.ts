import { Option, type Command } from "commander";
import { readPool } from "../../../chain/accounts.ts";
import { readHistory } from "../../../chain/history.ts";
import { readRound } from "../../../chain/snapshots.ts";
import type { Address } from "../../../core/bytes.ts";
import { popCount } from "../../../core/roundView.ts";
import { homeIfAny, jobRef, openJob, withChainAccess } from "../../chainAccess.ts";
import { acts } from "../../command.ts";
import { anAddress, DEFAULT_HOME, withChain, type ChainOptions } from "../../options.ts";
import { formatUnits, table, type Outcome } from "../../output.ts";

interface ShowOptions extends ChainOptions {
  readonly home: string;
  readonly job?: Address;
}

export function define(command: Command): void {
  withChain(command)
    .addOption(new Option("--job <address>", "the job (default: the home's)").argParser(anAddress))
    .addOption(new Option("--home <dir>", "the home that knows the job").default(DEFAULT_HOME));
  acts<ShowOptions>(command, "paceline job show --job 0xJOB", show);
}

function show(options: ShowOptions): Promise<Outcome> {
  const home = homeIfAny(options.home);
  return withChainAccess(options, home, async (chain) => {
    const { endpoint, deployment, token } = chain;
    const { job, terms } = await openJob(chain, options.job, home);
    const { fromBlock } = await jobRef(chain, job, home);
    const { view, members } = await readRound(endpoint, job);
    const { rounds } = await readHistory(endpoint, { job, fromBlock }, 1);
    const pool = await readPool(endpoint, deployment.treasury, job);
    const units = (amount: bigint): string => formatUnits(amount, token.decimals);
    const outcomes = rounds.map(({ round, settled }) => ({
      round,
      outcome: settled === undefined ? "skipped" : "settled",
      ...(settled === undefined
        ? {}
        : {
            aggregateRoot: settled.aggregateRoot,
            included: popCount(settled.includedMask),
            paid: units(settled.paid),
          }),
    }));
    const text = table([
      ["job", job],
      ["phase", `${view.phase}, round ${view.round} of ${terms.rounds}`],
      ["pool left", `${units(pool)} ${token.symbol}`],
      ["stake", `${units(terms.stake)} ${token.symbol}`],
      ["members", `${members.filter(({ active }) => active).length}, starts with ${terms.startMembers}`],
      ["params", String(terms.vectorLength)],
      ["spec hash", terms.specHash],
      ["from block", String(fromBlock)],
    ]);
    const lines = outcomes.map(
      ({ round, outcome, included, paid }) =>
        `  round ${round}: ${outcome}${included === undefined ? "" : `, ${included} updates, paid ${paid ?? "0"} ${token.symbol}`}`,
    );
    const data = {
      job,
      fromBlock,
      phase: view.phase,
      round: view.round,
      modelId: view.modelId,
      pool: units(pool),
      terms,
      members,
      rounds: outcomes,
    };
    return { data, text: [text, ...lines].join("\n") };
  });
}
