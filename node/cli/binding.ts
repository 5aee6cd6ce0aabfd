import { Option, type Command } from "commander";
import type { Address, Hex } from "../core/bytes.ts";
import { PacelineError } from "../core/errors.ts";
import type { Sender } from "../chain/sender.ts";
import { openHome, remember, type Home } from "../daemon/home/home.ts";
import { homeIfAny, openWallet, withChainAccess, type ChainAccess } from "./chainAccess.ts";
import { consentFor } from "./enrol.ts";
import { aSignature, anAddress, withChain, withHome, withWallet, type ChainOptions } from "./options.ts";
import type { Outcome } from "./output.ts";

/** What `register` and `rotate` share: an operator consents, on its own machine or on the wallet's, and the wallet binds it. */

export interface BindingOptions extends ChainOptions {
  readonly home: string;
  readonly passwordFile?: string;
  readonly wallet?: string;
  readonly walletPasswordFile?: string;
  readonly consentFor?: Address;
  readonly operator?: Address;
  readonly consent?: Hex;
}

/** An operator that has consented to serve the wallet. */
export interface Binding {
  readonly chain: ChainAccess;
  readonly wallet: Sender;
  readonly operator: Address;
  readonly consent: Hex;
  /** The operator's, where it is on this machine. */
  readonly home: Home | undefined;
}

export function withBinding(command: Command): Command {
  return withWallet(withHome(withChain(command)), false)
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
    .addOption(new Option("--consent <signature>", "the operator's consent").argParser(aSignature));
}

/** The example of a command that binds. */
export function bindingExample(name: string, home: string): string {
  return `paceline ${name} --home ${home} --wallet wallet.json
# or on two machines, first the daemon's, then the wallet's:
paceline ${name} --home ${home} --consent-for 0xWALLET
paceline ${name} --wallet wallet.json --operator 0xOPERATOR --consent 0xSIGNATURE`;
}

/**
 * Prints the consent, or gets it and lets `bind` send it.
 * @param name of the command
 * @throws PacelineError `bad-input` for options that do not go together
 */
export function withConsent(
  name: string,
  options: BindingOptions,
  bind: (binding: Binding) => Promise<Outcome>,
): Promise<Outcome> {
  if (options.consentFor !== undefined) return printConsent(name, options, options.consentFor);
  const { wallet: walletFile, operator: given } = options;
  if (walletFile === undefined) {
    throw new PacelineError(
      "bad-input",
      "give --wallet FILE, or --consent-for ADDRESS where the wallet is on another machine",
    );
  }
  if ((given === undefined) !== (options.consent === undefined)) {
    throw new PacelineError(
      "bad-input",
      "--operator and --consent belong together: give both, or neither where the home is on this machine",
    );
  }
  const home = given === undefined ? openHome(options.home) : homeIfAny(options.home);
  return withChainAccess(options, home, async (chain) => {
    const wallet = await openWallet({ ...options, wallet: walletFile }, chain.endpoint);
    const operator = given ?? (home as Home).config.operator;
    const consent = options.consent ?? (await consentFor(chain, home as Home, wallet.address, options.passwordFile));
    return bind({ chain, wallet, operator, consent, home: home?.config.operator === operator ? home : undefined });
  });
}

function printConsent(name: string, options: BindingOptions, wallet: Address): Promise<Outcome> {
  const home = openHome(options.home);
  return withChainAccess(options, home, async (chain) => {
    const consent = await consentFor(chain, home, wallet, options.passwordFile);
    const { operator } = remember(home, { deployment: chain.deployment, rpc: chain.endpoint.url }).config;
    const text = `${consent}\nWhere the wallet is: paceline ${name} --wallet FILE --operator ${operator} --consent ${consent}`;
    return { data: { operator, wallet, consent }, text };
  });
}
