import type { AuditResult } from "../audit/audit.ts";
import type { Difference } from "../audit/difference.ts";
import type { AuditStatement, SignedStatement } from "../audit/statement.ts";
import { table } from "./output.ts";

/** An audit in words. */

export function differenceText({ settled, skipped }: AuditResult, difference: Difference): string {
  const { round, phase, item, chain, replay, block, transaction, hint } = difference;
  const rows: [string, string][] = [
    ["the chain says", chain],
    ["the replay says", replay],
  ];
  if (block !== undefined) rows.push(["block", String(block)]);
  if (transaction !== undefined) rows.push(["transaction", transaction]);
  if (hint !== undefined) rows.push(["it may be", hint]);
  const over = settled + skipped;
  const before = round === 0 ? "" : `\n${Math.min(over, round - 1)} rounds before it reproduce.`;
  return `DIFFERS: round ${round}, ${phase}, ${item}\n${table(rows)}${before}`;
}

export function reproducesText(result: AuditResult, { statement, signer }: SignedStatement): string {
  const lines = [headline(statement), "", table(rowsOf(statement)), ...notes(result)];
  lines.push("", signer === undefined ? "Not signed: give --key FILE to sign it." : `Signed by ${signer}.`);
  return lines.join("\n");
}

export function statementText({ statement, signer }: SignedStatement): string {
  const signed = signer === undefined ? "Nobody has signed this." : `The signature is of ${signer}.`;
  return [headline(statement), "", table(rowsOf(statement)), "", signed].join("\n");
}

function headline({ rounds, aggregates, paramsHash, settled }: AuditStatement): string {
  if (aggregates.recomputed < settled)
    return `All ${rounds} rounds reproduce from the chain; ${settled - aggregates.recomputed} aggregates were not recomputed.`;
  return `All ${rounds} rounds reproduce${paramsHash === null ? "" : ", down to the params"}.`;
}

function rowsOf(statement: AuditStatement): [string, string][] {
  const { aggregates, settled, skipped, provenWrong } = statement;
  const wrong = provenWrong.length === 0 ? "" : `, proven wrong on the chain: ${provenWrong.join(", ")}`;
  return [
    ["job", `${statement.job} on chain ${statement.chainId}`],
    ["job file's hash", statement.specHash],
    ["blocks", `${statement.fromBlock} to ${statement.toBlock}, the last one ${statement.blockHash}`],
    ["rounds", `${settled} settled, ${skipped} skipped${wrong}`],
    ["aggregates", aggregatesText(aggregates)],
    ["modelId", statement.modelId],
    ["params", statement.paramsHash ?? "not followed: they need the job file and every aggregate"],
    [
      "contracts' state",
      statement.stateCompared ? "compared at the last block" : "not compared: the endpoint has it no more",
    ],
    ["audited", `${statement.date} by ${statement.tool}`],
  ];
}

function aggregatesText({ recomputed, read, notRead }: AuditStatement["aggregates"]): string {
  const parts = [`${recomputed} recomputed from their updates`];
  if (read > 0) parts.push(`${read} only read, with the right root`);
  if (notRead > 0) parts.push(`${notRead} not looked at`);
  return parts.join(", ");
}

const SHOWN_MISSING = 5;

function notes({ missing, skippedEntries, unverified }: AuditResult): string[] {
  const lines: string[] = [];
  for (const { round, item, root } of missing.slice(0, SHOWN_MISSING))
    lines.push(`missing: round ${round}, ${item}: no --blobs folder has ${root}`);
  if (missing.length > SHOWN_MISSING) lines.push(`missing: ${missing.length - SHOWN_MISSING} blobs more`);
  if (skippedEntries > 0)
    lines.push(`${skippedEntries} posted entries did not count, and had not to: anybody may post anything.`);
  if (unverified > 0)
    lines.push(`${unverified} transactions are of a type whose bytes could not be held against their hash.`);
  return lines.length === 0 ? [] : ["", ...lines];
}
