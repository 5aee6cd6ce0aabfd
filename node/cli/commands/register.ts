import { Option, type Command } from "commander";
import type { Address, Hex } from "../../core/bytes.ts";
import { PacelineError } from "../../core/errors.ts";
import { register as sendRegistration } from "../../chain/accounts.ts";
import type { Sender } from "../../chain/sender.ts";
import { openHome, remember, type Home } from "../../daemon/home.ts";
import { homeIfAny, jobRef, openJob, openWallet, withChainAccess, type ChainAccess } from "../chainAccess.ts";
import { acts } from "../command.ts";
import { consentFor, joinWithStake } from "../enrol.ts";
import { aSignature, anAddress, withChain, withHome, withWallet, type ChainOptions } from "../options.ts";
import { table, type Outcome } from "../output.ts";

interface RegisterOptions extends ChainOptions {
  readonly home: string;
  readonly passwordFile?: string;
  readonly wallet?: string;
  readonly walletPasswordFile?: string;
  readonly consentFor?: Address;
  readonly operator?: Address;
  readonly consent?: Hex;
  readonly join?: Address;
}

const EXAMPLE = `paceline register --home clinic --wallet wallet.json
# or on two machines, first the daemon's, then the wallet's:
paceline register --home clinic --consent-for 0xWALLET
paceline register --wallet wallet.json --operator 0xOPERATOR --consent 0xSIGNATURE`;

export function define(command: Command): void {
  withWallet(withHome(withChain(command)), false)
    .addOption(
      new Option("--consent-for <address>", "only print the operator's consent to serve this wallet").argParser(
        anAddress,
      ),
    )
    .addOption(
      new Option(
        "--operator <address>",
        "the operator that gave --consent, where its home is on another machine",
      ).argParser(anAddress),
    )
    .addOption(new Option("--consent <signature>", "the operator's consent").argParser(aSignature))
    .addOption(new Option("--join <job>", "then lock the stake and join this job").argParser(anAddress));
  acts<RegisterOptions>(command, EXAMPLE, register);
}

function register(options: RegisterOptions): Promise<Outcome> {
  if (options.consentFor !== undefined) return printConsent(options, options.consentFor);
  if (options.wallet === undefined) {
    throw new PacelineError(
      "bad-input",
      "give --wallet FILE, or --consent-for ADDRESS where the wallet is on another machine",
    );
  }
  if ((options.operator === undefined) !== (options.consent === undefined)) {
    throw new PacelineError(
      "bad-input",
      "--operator and --consent belong together: give both, or neither where the home is on this machine",
    );
  }
  const home = options.consent === undefined ? openHome(options.home) : homeIfAny(options.home);
  return withChainAccess(options, home, async (chain) => {
    const wallet = await openWallet({ ...options, wallet: options.wallet ?? "" }, chain.endpoint);
    return bind(options, chain, home, wallet);
  });
}

function printConsent(options: RegisterOptions, wallet: Address): Promise<Outcome> {
  const home = openHome(options.home);
  return withChainAccess(options, home, async (chain) => {
    const consent = await consentFor(chain, home, wallet, options.passwordFile);
    const { operator } = remember(home, { deployment: chain.deployment, rpc: chain.endpoint.url }).config;
    const text = `${consent}\nWhere the wallet is: paceline register --wallet FILE --operator ${operator} --consent ${consent}`;
    return { data: { operator, wallet, consent }, text };
  });
}

async function bind(
  options: RegisterOptions,
  chain: ChainAccess,
  home: Home | undefined,
  wallet: Sender,
): Promise<Outcome> {
  const job = options.join === undefined ? undefined : await openJob(chain, options.join);
  const operator = options.operator ?? (home as Home).config.operator;
  const consent = options.consent ?? (await consentFor(chain, home as Home, wallet.address, options.passwordFile));
  const { blockNumber } = await sendRegistration(wallet, chain.deployment.registry, operator, consent);
  const joinedIn = job === undefined ? undefined : await joinWithStake(chain, job, wallet);
  if (home !== undefined && home.config.operator === operator) {
    const known = job === undefined ? {} : { job: await jobRef(chain, job.job, home) };
    remember(home, { deployment: chain.deployment, rpc: chain.endpoint.url, ...known });
  }
  const rows: [string, string][] = [
    ["wallet", wallet.address],
    ["operator", operator],
    ["registered in block", String(blockNumber)],
  ];
  if (job !== undefined) rows.push(["joined", job.job]);
  return {
    data: { wallet: wallet.address, operator, blockNumber, ...(job === undefined ? {} : { job: job.job, joinedIn }) },
    text: table(rows),
  };
}
