import { PHASES } from "../../core/roundView.ts";
import type { DaemonStatus, JobNow, JobStatus } from "./status.ts";

/** Prometheus' text format, version 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats). */

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number];

export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

export function metricsText(status: DaemonStatus): string {
  const lines: string[] = [];
  const add = (type: "gauge" | "counter", name: string, help: string, samples: readonly Sample[]): void => {
    if (samples.length === 0) return;
    lines.push(`# HELP paceline_${name} ${help}`, `# TYPE paceline_${name} ${type}`);
    for (const [labels, value] of samples) lines.push(`paceline_${name}${labelText(labels)} ${value}`);
  };
  const one = (value: number | null): Sample[] => (value === null ? [] : [[{}, value]]);
  add("gauge", "info", "The operator and its chain; always 1.", [
    [{ operator: status.operator, chain_id: String(status.chainId) }, 1],
  ]);
  add(
    "gauge",
    "start_time_seconds",
    "When the daemon started, since the epoch.",
    one(Date.parse(status.startedAt) / 1000),
  );
  add("gauge", "peers", "Operators with an open connection.", one(status.peers.length));
  add("gauge", "balance_wei", "The operator's balance.", one(status.balance === null ? null : Number(status.balance)));
  add("gauge", "disk_free_bytes", "Free on the home's disk.", one(status.diskFreeBytes));
  add("gauge", "resident_bytes", "Resident memory of the process.", one(status.residentBytes));
  add("counter", "cpu_seconds_total", "CPU time of the process.", one(status.cpuSeconds));
  add("counter", "network_bytes_total", "Bytes over the peer-to-peer network.", [
    [{ direction: "sent" }, status.bytesSent],
    [{ direction: "received" }, status.bytesReceived],
  ]);
  addJobs(status.jobs, add);
  return `${lines.join("\n")}\n`;
}

function addJobs(
  jobs: readonly JobStatus[],
  add: (type: "gauge" | "counter", name: string, help: string, samples: readonly Sample[]) => void,
): void {
  const each = (value: (job: JobStatus) => number | undefined): Sample[] =>
    jobs.flatMap((job) => {
      const found = value(job);
      return found === undefined ? [] : [[{ job: job.job }, found] as const];
    });
  const now = (value: (now: JobNow) => number): Sample[] =>
    each((job) => (job.now === undefined ? undefined : value(job.now)));
  add(
    "gauge",
    "job_up",
    "Whether the job is taken part in.",
    each(({ state }) => (state === "running" ? 1 : 0)),
  );
  add(
    "gauge",
    "job_round",
    "The job's round, from 1.",
    each(({ round }) => round),
  );
  add(
    "gauge",
    "job_phase",
    "1 for the phase that the round is in.",
    jobs.flatMap(({ job, phase }) =>
      phase === undefined ? [] : PHASES.map((name): Sample => [{ job, phase: name }, name === phase ? 1 : 0]),
    ),
  );
  add(
    "gauge",
    "job_block",
    "Number of the block that was seen last.",
    now(({ blockNumber }) => blockNumber),
  );
  add(
    "gauge",
    "job_model_updates",
    "Settled rounds in the model.",
    now(({ modelUpdates }) => modelUpdates),
  );
  add(
    "gauge",
    "job_peers",
    "Peers that messages of the job are exchanged with.",
    now(({ peers }) => peers),
  );
  add(
    "gauge",
    "job_blob_bytes",
    "Bytes of updates and params on the disk.",
    now(({ blobBytes }) => blobBytes),
  );
  add(
    "gauge",
    "job_clock_offset_seconds",
    "From the machine's clock to the chain's time.",
    now((at) => at.clockOffsetSeconds),
  );
  add(
    "counter",
    "job_messages_total",
    "Gossip messages received.",
    now(({ messagesReceived }) => messagesReceived),
  );
  add(
    "counter",
    "job_messages_refused_total",
    "Gossip messages ignored or rejected, by code.",
    jobs.flatMap((job) =>
      Object.entries(job.now?.messagesRefused ?? {}).map(([code, count]): Sample => [{ job: job.job, code }, count]),
    ),
  );
  add(
    "counter",
    "job_gas_total",
    "Gas used by transactions.",
    each(({ gas }) => gas),
  );
  add(
    "counter",
    "job_problems_total",
    "What failed and was tried again.",
    each(({ problems }) => problems),
  );
  add(
    "counter",
    "job_transactions_total",
    "Transactions in blocks, by call.",
    jobs.flatMap(({ job, transactions }) =>
      Object.entries(transactions).map(([call, count]): Sample => [{ job, call }, count]),
    ),
  );
}

function labelText(labels: Labels): string {
  const entries = Object.entries(labels);
  if (entries.length === 0) return "";
  return `{${entries.map(([name, value]) => `${name}="${escaped(value)}"`).join(",")}}`;
}

function escaped(value: string): string {
  return value.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n");
}
