import { randomBytes } from "node:crypto";
import { peerIdFromPrivateKey } from "@libp2p/peer-id";
import { Option, type Command } from "commander";
import { PacelineError } from "../../core/errors.ts";
import { createHome, keystoreFile, requireNoHome } from "../../daemon/home/home.ts";
import { keepPrivate } from "../../daemon/home/files.ts";
import { createKeystore } from "../../daemon/home/keystore.ts";
import { libp2pKeyOf } from "../../network/identity.ts";
import { acts } from "../command.ts";
import { DEFAULT_HOME } from "../options.ts";
import { table, type Outcome } from "../output.ts";
import { operatorPassword, readNewPassword, readPrivateKey, walletPassword } from "../password.ts";

interface InitOptions {
  readonly home: string;
  readonly wallet?: string;
  readonly import?: boolean;
  readonly passwordFile?: string;
}

export function define(command: Command): void {
  command
    .addOption(new Option("--home <dir>", "folder to make").default(DEFAULT_HOME))
    .option(
      "--wallet <file>",
      "make a wallet's keystore at this path, and no home; best on a machine that the daemon does not run on",
    )
    .option("--import", "read the private key from stdin (64 hexadecimal digits) instead of drawing one")
    .option("--password-file <file>", "file with the new key's password (default: $PACELINE_PASSWORD, or asked)");
  acts<InitOptions>(command, "paceline init --home clinic\npaceline init --wallet wallet.json", (options) =>
    options.wallet === undefined ? initHome(options) : initWallet(options, options.wallet),
  );
}

async function initHome(options: InitOptions): Promise<Outcome> {
  requireNoHome(options.home);
  keepPrivate(options.home);
  const key = await newKey(options);
  const keystore = keystoreFile(options.home);
  const operator = await createKeystore(keystore, key, await readNewPassword(operatorPassword(options.passwordFile)));
  createHome(options.home, operator);
  const peerId = peerIdFromPrivateKey(libp2pKeyOf(key)).toString();
  const text = table([
    ["home", options.home],
    ["operator", operator],
    ["peer id", peerId],
  ]);
  return {
    data: { home: options.home, keystore, operator, peerId },
    text: `${text}\nNext: \`paceline register\` binds a wallet to this operator.`,
  };
}

async function initWallet(options: InitOptions, file: string): Promise<Outcome> {
  const key = await newKey(options);
  const wallet = await createKeystore(file, key, await readNewPassword({ ...walletPassword(options.passwordFile) }));
  const advice =
    "Keep this file and its password away from the machine that the daemon runs on: it holds the stake and gets the pay.";
  return {
    data: { keystore: file, wallet },
    text: `${table([
      ["keystore", file],
      ["wallet", wallet],
    ])}\n${advice}`,
  };
}

async function newKey(options: InitOptions): Promise<Uint8Array> {
  if (options.import !== true) return new Uint8Array(randomBytes(32));
  const key = await readPrivateKey();
  try {
    libp2pKeyOf(key);
  } catch {
    throw new PacelineError("bad-input", "what was read from stdin is no private key of secp256k1");
  }
  return key;
}
