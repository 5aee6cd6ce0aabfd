import { auditJob } from "../../audit/audit.ts";
import { openBlobFolders } from "../../audit/blobFolders.ts";
import { PacelineError } from "../../core/errors.ts";
import { archivedBlobs } from "../../daemon/job/archive.ts";
import type { ReportCheck } from "../../dashboard/reportData.ts";
import { initialParams } from "../../training/models/model.ts";
import type { Federation } from "./federation.ts";

/** Audits a simulation's job as a stranger would: from the chain, the archived blobs and the job file. */
export async function auditFederation(federation: Federation): Promise<ReportCheck> {
  const { addresses, archive, deployment, endpoint, model, spec } = federation;
  if (archive === undefined)
    throw new PacelineError("bad-argument", "a simulation without an archive cannot be audited");
  const started = performance.now();
  const { difference, missing, settled, skipped, aggregates, transactions } = await auditJob({
    endpoint,
    source: { ...deployment, ...addresses },
    blobs: await openBlobFolders([archivedBlobs(archive)]),
    genesis: { params: initialParams(model, spec.seed), clipNorm: spec.encoding.clipNorm },
    signal: new AbortController().signal,
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const name = "an audit reproduces every round";
  if (difference !== undefined) {
    const { round, item, chain, replay } = difference;
    return { name, passed: false, detail: `round ${round}, ${item}: the chain says ${chain}, the replay ${replay}` };
  }
  return {
    name,
    passed: missing.length === 0,
    detail: `${settled} settled and ${skipped} skipped rounds from ${transactions} transactions, ${aggregates.recomputed} aggregates from their updates${missing.length === 0 ? "" : `, ${missing.length} blobs missing`}, in ${seconds} s`,
  };
}
