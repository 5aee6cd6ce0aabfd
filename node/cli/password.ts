import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { PacelineError } from "../core/errors.ts";
import { readTextFile } from "../daemon/home/files.ts";

/** Where secrets come from: the environment, a file, or a person at the terminal. Never the command line, which others can read. */

export interface PasswordSource {
  /** Whose password it is, for prompts and messages: "operator", "wallet". */
  readonly of: string;
  readonly file: string | undefined;
  /** Names of environment variables, the first that is set counts. */
  readonly variables: readonly string[];
}

export const operatorPassword = (file: string | undefined): PasswordSource => ({
  of: "operator",
  file,
  variables: ["PACELINE_PASSWORD"],
});
export const walletPassword = (file: string | undefined): PasswordSource => ({
  of: "wallet",
  file,
  variables: ["PACELINE_WALLET_PASSWORD", "PACELINE_PASSWORD"],
});

const MAX_PASSWORD_FILE_BYTES = 4096;

/** @throws PacelineError `not-found` for the file, `bad-input` where there is nowhere to get it from */
export async function readPassword(source: PasswordSource): Promise<string> {
  const given = givenPassword(source);
  return given ?? askSecret(`Password of the ${source.of} key: `, source);
}

/** For a new keystore: asked twice. @throws PacelineError `bad-input` where the two differ */
export async function readNewPassword(source: PasswordSource): Promise<string> {
  const given = givenPassword(source);
  if (given !== undefined) return given;
  const first = await askSecret(`New password for the ${source.of} key: `, source);
  const second = await askSecret("The same again: ", source);
  if (first !== second) throw new PacelineError("bad-input", "the two passwords differ: try again");
  return first;
}

function givenPassword({ file, variables }: PasswordSource): string | undefined {
  if (file !== undefined) return readTextFile(file, "password file", MAX_PASSWORD_FILE_BYTES).replace(/\r?\n$/, "");
  return variables.map((name) => process.env[name]).find((value) => value !== undefined && value !== "");
}

function askSecret(prompt: string, { of, variables }: PasswordSource): Promise<string> {
  if (process.stdin.isTTY) return ask(prompt);
  const option = of === "wallet" ? "--wallet-password-file" : "--password-file";
  throw new PacelineError(
    "bad-input",
    `the password of the ${of} key is needed: set ${variables[0] ?? ""}, give ${option}, or run in a terminal`,
  );
}

/** Asks on the terminal without showing what is typed. */
function ask(prompt: string): Promise<string> {
  process.stderr.write(prompt);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input: process.stdin, output: silent, terminal: true });
  return new Promise((resolve, reject) => {
    reader.once("SIGINT", () => {
      reader.close();
      reject(new PacelineError("closed", "stopped: no password was given"));
    });
    reader.question("", (answer) => {
      reader.close();
      process.stderr.write("\n");
      resolve(answer);
    });
  });
}

/** A private key in hexadecimal from stdin. @throws PacelineError `bad-input`; the message does not repeat what was read */
export async function readPrivateKey(): Promise<Uint8Array> {
  const text = process.stdin.isTTY ? await ask("Private key (hexadecimal): ") : await readStdin();
  const digits = text.trim().replace(/^0x/i, "");
  if (!/^[0-9a-f]{64}$/i.test(digits))
    throw new PacelineError("bad-input", "what was read from stdin is no private key: give 64 hexadecimal digits");
  return new Uint8Array(Buffer.from(digits, "hex"));
}

async function readStdin(): Promise<string> {
  let text = "";
  for await (const chunk of process.stdin) {
    text += String(chunk);
    if (text.length > 1024) break;
  }
  return text;
}
