import { existsSync } from "node:fs";
import { Option, type Command } from "commander";
import { toHex } from "../../core/bytes.ts";
import { PacelineError } from "../../core/errors.ts";
import { replaceFile } from "../../daemon/home/files.ts";
import { openKeystore } from "../../daemon/home/keystore.ts";
import { acts } from "../command.ts";
import { DEFAULT_DEPLOYMENT, DEFAULT_RPC, withWallet, type WalletOptions } from "../options.ts";
import { table, type Outcome } from "../output.ts";
import { readPassword, walletPassword } from "../password.ts";

interface DeployOptions extends WalletOptions {
  readonly rpc: string;
  readonly out: string;
  readonly journal?: string;
  readonly parameters?: string;
}

export function define(command: Command): void {
  withWallet(command)
    .addOption(new Option("--rpc <url>", "JSON-RPC endpoint, http(s)://").default(DEFAULT_RPC))
    .addOption(new Option("--out <file>", "file to write the addresses to").default(DEFAULT_DEPLOYMENT))
    .option(
      "--parameters <file>",
      "JSON or JSON5 file with the parameters; its key Consortium deploys for a consortium",
    )
    .option("--journal <dir>", "keep Ignition's journal here, to go on after a break or to verify the sources later");
  acts<DeployOptions>(command, "paceline deploy --rpc https://rpc.example.org --wallet wallet.json", deploy);
}

async function deploy({ rpc, wallet, walletPasswordFile, out, journal, parameters }: DeployOptions): Promise<Outcome> {
  if (existsSync(out))
    throw new PacelineError("bad-input", `${out} exists already and is not overwritten: give another --out`);
  const key = await openKeystore(wallet, await readPassword(walletPassword(walletPasswordFile)));
  const { deployContracts } = await import("../../chain/deploy.ts");
  const deployment = await deployContracts({
    rpcUrl: rpc,
    privateKey: toHex(key),
    ...(journal === undefined ? {} : { deploymentDir: journal }),
    ...(parameters === undefined ? {} : { parameters }),
  });
  replaceFile(out, `${JSON.stringify(deployment, undefined, 2)}\n`, 0o644);
  const rows = Object.entries(deployment).map(([name, value]) => [name, String(value)] as const);
  return {
    data: { ...deployment, file: out },
    text: `${table(rows)}\nWritten to ${out}: everybody who takes part needs this file.`,
  };
}
