import { Option, type Command } from "commander";
import { readBalances } from "../../chain/accounts.ts";
import { readOperator, readPayout, readWallet } from "../../chain/registration.ts";
import { readRound } from "../../chain/snapshots.ts";
import type { Address } from "../../core/bytes.ts";
import type { Member, RoundView } from "../../core/roundView.ts";
import { readDaemonStatus } from "../../daemon/api/client.ts";
import type { DaemonStatus } from "../../daemon/api/status.ts";
import type { Home } from "../../daemon/home/home.ts";
import { homeIfAny, openJob, withChainAccess, type ChainAccess, type JobAccess } from "../chainAccess.ts";
import { acts } from "../command.ts";
import { anAddress, DEFAULT_HOME, withChain, type ChainOptions } from "../options.ts";
import { formatTime, formatUnits, table, type Outcome } from "../output.ts";

interface StatusOptions extends ChainOptions {
  readonly home: string;
  readonly job?: Address;
  readonly of?: Address;
}

export function define(command: Command): void {
  withChain(command)
    .addOption(
      new Option("--home <dir>", "the participant's home folder, if it is on this machine").default(DEFAULT_HOME),
    )
    .addOption(new Option("--job <address>", "the job (default: the home's)").argParser(anAddress))
    .addOption(
      new Option(
        "--of <wallet>",
        "whose stake and credit to show (default: the wallet of the home's operator)",
      ).argParser(anAddress),
    );
  acts<StatusOptions>(command, "paceline status --home clinic", status);
}

function status(options: StatusOptions): Promise<Outcome> {
  const home = homeIfAny(options.home);
  return withChainAccess(options, home, async (chain) => {
    const job = await openJob(chain, options.job, home);
    const { view, members } = await readRound(chain.endpoint, job.job);
    const own = await ownPart(chain, job, await whose(chain, options, home), members);
    const data = { ...jobPart(job, view, members), ...own };
    const daemon = home === undefined ? undefined : await readDaemonStatus(home.folder);
    const text = describe(data, chain.token.symbol);
    if (daemon === undefined) return { data, text };
    return { data: { ...data, daemon }, text: `${text}\n\n${describeDaemon(daemon)}` };
  });
}

type JobPart = ReturnType<typeof jobPart>;

function jobPart({ job, terms }: JobAccess, view: RoundView, members: readonly Member[]) {
  return {
    job,
    phase: view.phase,
    round: view.round,
    rounds: terms.rounds,
    modelId: view.modelId,
    members: members.filter(({ active }) => active).length,
    startMembers: terms.startMembers,
  };
}

/** The participant that is asked about, as far as it is known. */
interface Participant {
  readonly operator: Address | undefined;
  readonly wallet: Address | undefined;
}

async function whose(
  { endpoint, deployment }: ChainAccess,
  options: StatusOptions,
  home: Home | undefined,
): Promise<Participant> {
  if (options.of !== undefined)
    return { wallet: options.of, operator: await readOperator(endpoint, deployment.registry, options.of) };
  const operator = home?.config.operator;
  if (operator === undefined) return { operator: undefined, wallet: undefined };
  return { operator, wallet: await readWallet(endpoint, deployment.registry, operator) };
}

interface OwnPart extends Participant {
  readonly registered: boolean;
  readonly member?: boolean;
  readonly ejected?: boolean;
  /** The first round in whose draw it may be again; 0 where it is not suspended. */
  readonly suspendedUntil?: number;
  readonly score?: number;
  readonly stake?: string;
  /** As a member, in the job. */
  readonly earned?: string;
  /** As a keeper, a prover or the sponsor, in the treasury. */
  readonly credit?: string;
  readonly held?: string;
  readonly payout?: Address;
  readonly withdrawableAt?: number;
}

async function ownPart(
  chain: ChainAccess,
  { job, terms }: JobAccess,
  who: Participant,
  members: readonly Member[],
): Promise<OwnPart> {
  const { operator, wallet } = who;
  if (wallet === undefined) return { operator, wallet, registered: false };
  const { endpoint, deployment, token } = chain;
  const balances = await readBalances(endpoint, deployment.treasury, job, terms.token, wallet);
  const member = members.find((each) => each.wallet === wallet);
  const units = (amount: bigint): string => formatUnits(amount, token.decimals);
  return {
    operator,
    wallet,
    registered: operator !== undefined,
    member: member?.active === true,
    ejected: member?.ejected === true,
    suspendedUntil: member?.suspendedUntil ?? 0,
    score: (member?.trailingScore ?? 0) / 256,
    stake: units(balances.stake),
    earned: units(balances.earned),
    credit: units(balances.credit),
    held: units(balances.token),
    payout: await readPayout(endpoint, deployment.registry, wallet),
    withdrawableAt: balances.withdrawableAt,
  };
}

function describe(data: JobPart & OwnPart, symbol: string): string {
  const rows: [string, string][] = [
    ["job", data.job],
    ["phase", `${data.phase}, round ${data.round} of ${data.rounds}`],
    ["members", `${data.members}, starts with ${data.startMembers}`],
    ["model", data.modelId],
  ];
  if (data.operator !== undefined) rows.push(["operator", data.operator]);
  if (data.wallet !== undefined) rows.push(["wallet", data.wallet]);
  if (data.operator !== undefined && !data.registered)
    rows.push(["registered", "no: bind a wallet to this operator with `paceline register`"]);
  if (data.member !== undefined) {
    rows.push(["member", standingOf(data)]);
    rows.push(["score", (data.score ?? 0).toFixed(1)]);
    const unbonding = data.withdrawableAt ? `, can be withdrawn from ${formatTime(data.withdrawableAt)}` : "";
    rows.push(["stake", `${data.stake ?? "0"} ${symbol}${unbonding}`]);
    rows.push(["earned", `${data.earned ?? "0"} ${symbol}`]);
    if (data.credit !== "0") rows.push(["other credit", `${data.credit ?? "0"} ${symbol}`]);
    rows.push(["held", `${data.held ?? "0"} ${symbol}`]);
    if (data.payout !== data.wallet) rows.push(["paid out to", data.payout ?? ""]);
  }
  return table(rows);
}

function standingOf({ ejected, member, suspendedUntil = 0 }: OwnPart): string {
  if (ejected === true) return "ejected: for a proven fault, or for too little stake after a miss";
  if (member !== true) return "no: `paceline job join`";
  return suspendedUntil === 0 ? "yes" : `yes, suspended until the draw of round ${suspendedUntil}`;
}

/** The daemon of the home, as it sees itself. */
function describeDaemon({ pid, startedAt, peers, balance, diskFreeBytes, jobs }: DaemonStatus): string {
  const rows: [string, string][] = [["daemon", `pid ${pid}, since ${startedAt}`]];
  rows.push(["peers", String(peers.length)]);
  if (balance !== null) rows.push(["operator's coin", formatUnits(BigInt(balance), 18)]);
  if (diskFreeBytes !== null) rows.push(["free disk", `${(diskFreeBytes / 1e9).toFixed(1)} GB`]);
  for (const { job, state, round, phase, error } of jobs) {
    const where = round === undefined ? "" : `, round ${round}: ${phase}`;
    rows.push([`job ${job.slice(0, 10)}`, `${state}${where}${error === undefined ? "" : `, ${error.message}`}`]);
  }
  return table(rows);
}
