import { Option, type Command } from "commander";
import { auditJob, type AuditResult, type Progress } from "../../audit/audit.ts";
import type { Genesis } from "../../audit/aggregates.ts";
import { openBlobFolders } from "../../audit/blobFolders.ts";
import { readStatement, signStatement, statementOf, type SignedStatement } from "../../audit/statement.ts";
import type { Address } from "../../core/bytes.ts";
import { PacelineError } from "../../core/errors.ts";
import type { JobTerms } from "../../core/jobTerms.ts";
import { initialVector } from "../../daemon/learning/federatedFit.ts";
import { readJsonFile, replaceFile } from "../../daemon/home/files.ts";
import { openJobFile, requireSameSpec } from "../../daemon/job/jobFile.ts";
import { genesisHash } from "../../daemon/job/jobSpec.ts";
import { openKeystore } from "../../daemon/home/keystore.ts";
import manifest from "../../../package.json" with { type: "json" };
import { differenceText, reproducesText, statementText } from "../auditText.ts";
import { homeIfAny, jobRef, openJob, withChainAccess, type ChainAccess } from "../chainAccess.ts";
import { acts } from "../command.ts";
import { EXIT_DIFFERS, EXIT_INCOMPLETE } from "../exitCodes.ts";
import { anAddress, DEFAULT_HOME, whole, withChain, type ChainOptions } from "../options.ts";
import type { Outcome } from "../output.ts";
import { operatorPassword, readPassword } from "../password.ts";

interface AuditOptions extends ChainOptions {
  readonly home: string;
  readonly job?: Address;
  readonly jobFile?: string;
  readonly blobs?: readonly string[];
  readonly toBlock?: number;
  readonly key?: string;
  readonly passwordFile?: string;
  readonly out?: string;
  readonly verify?: string;
}

export function define(command: Command): void {
  withChain(command)
    .addOption(new Option("--job <address>", "the job (default: the home's)").argParser(anAddress))
    .option(
      "--blobs <folder...>",
      "folders of blobs: HOME/jobs/…/blobs of a daemon, or an archive; without any, aggregates are not recomputed",
    )
    .option("--job-file <file>", "the job file: the params are followed from the initial ones to the last")
    .addOption(new Option("--to-block <number>", "the last block (default: the newest)").argParser(whole(0, 2 ** 40)))
    .option("--key <file>", "keystore to sign the statement with, such as HOME/operator.json")
    .option("--password-file <file>", "file with the key's password (default: $PACELINE_PASSWORD, or asked)")
    .option("--out <file>", "file to write the statement to")
    .option("--verify <file>", "only check the signature of a statement that was written with --out")
    .addOption(
      new Option("--home <dir>", "a home that knows endpoint, deployment and job, if it is on this machine").default(
        DEFAULT_HOME,
      ),
    );
  acts<AuditOptions>(
    command,
    "paceline audit --job 0xJOB --rpc http://127.0.0.1:8545 --deployment deployment.json --job-file job.json --blobs archive",
    (options) => (options.verify === undefined ? audit(options) : verify(options.verify)),
  );
}

function verify(file: string): Promise<Outcome> {
  const signed = readStatement(readJsonFile(file, "statement"));
  if (signed.signer === undefined)
    throw new PacelineError("bad-input", `${file} is not signed: anybody may have written it`, { file });
  return Promise.resolve({ data: { ...signed }, text: statementText(signed) });
}

async function audit(options: AuditOptions): Promise<Outcome> {
  const home = homeIfAny(options.home);
  // Asked before the work, which may take long.
  const key =
    options.key === undefined
      ? undefined
      : await openKeystore(options.key, await readPassword(operatorPassword(options.passwordFile)));
  return withChainAccess(options, home, async (chain) => {
    const { job, terms } = await openJob(chain, options.job, home);
    const { fromBlock } = await jobRef(chain, job, home);
    const result = await auditFrom(chain, { ...options, job, fromBlock, terms });
    if (result.difference !== undefined) return differs(result);
    const statement = statementOf(result, `paceline ${manifest.version}`, `${new Date().toISOString().slice(0, 19)}Z`);
    const signed: SignedStatement = key === undefined ? { statement } : signStatement(statement, key);
    if (options.out !== undefined) replaceFile(options.out, `${JSON.stringify(signed, null, 2)}\n`, 0o644);
    const { missing, skippedEntries, unverified } = result;
    return {
      data: { reproduces: true, ...signed, missing, skippedEntries, unverified },
      text: reproducesText(result, signed),
      exit: missing.length > 0 ? EXIT_INCOMPLETE : 0,
    };
  });
}

interface Audited extends AuditOptions {
  readonly job: Address;
  readonly fromBlock: number;
  readonly terms: JobTerms;
}

async function auditFrom(
  { endpoint, deployment }: ChainAccess,
  { blobs, job, jobFile, fromBlock, terms, toBlock }: Audited,
): Promise<AuditResult> {
  const { signal, forget } = interruption();
  const progress = progressLine();
  try {
    return await auditJob({
      endpoint,
      source: { ...deployment, job, fromBlock },
      toBlock,
      blobs: blobs === undefined ? undefined : await openBlobFolders(blobs),
      genesis: jobFile === undefined ? undefined : genesisOf(jobFile, terms),
      signal,
      onProgress: (reached) => progress.show(reached),
    });
  } finally {
    forget();
    progress.clear();
  }
}

function differs(result: AuditResult): Outcome {
  const { difference, missing, job, chainId, fromBlock, toBlock, blockHash } = result;
  return {
    data: { reproduces: false, difference, chainId, job, fromBlock, toBlock, blockHash, missing },
    text: difference === undefined ? "" : differenceText(result, difference),
    exit: EXIT_DIFFERS,
  };
}

/** Throws PacelineError `bad-input` where the file is another job's. */
function genesisOf(file: string, terms: JobTerms): Genesis {
  const { spec, model } = openJobFile(file);
  requireSameSpec(file, spec, terms);
  const params = initialVector(spec, model);
  const hash = genesisHash(params);
  if (hash !== terms.genesisHash)
    throw new PacelineError(
      "bad-input",
      `${file} gives initial params with the hash ${hash}, the chain says ${terms.genesisHash}: get the job file, and the model's file if it has one, from the sponsor`,
    );
  return { params, clipNorm: spec.encoding.clipNorm };
}

const REFRESH_MS = 200;

/** One line on a terminal's stderr, written over. */
function progressLine(): { show: (progress: Progress) => void; clear: () => void } {
  if (!process.stderr.isTTY) return { show: () => undefined, clear: () => undefined };
  let last = 0;
  return {
    show({ block, toBlock, round, rounds }) {
      if (performance.now() - last < REFRESH_MS) return;
      last = performance.now();
      process.stderr.write(`\r\u001b[Kblock ${block} of ${toBlock}, round ${round} of ${rounds}`);
    },
    clear: () => void process.stderr.write("\r\u001b[K"),
  };
}

function interruption(): { readonly signal: AbortSignal; readonly forget: () => void } {
  const controller = new AbortController();
  const stop = (): void => controller.abort(new PacelineError("closed", "stopped before the end: nothing was stated"));
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  return {
    signal: controller.signal,
    forget() {
      process.off("SIGINT", stop);
      process.off("SIGTERM", stop);
    },
  };
}
