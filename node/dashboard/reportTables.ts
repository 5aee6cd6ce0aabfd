import { bytes, count, duration, lossText, percent, shortHex, tokens } from "./format.ts";
import { html, htmlTable, type Html } from "./html.ts";
import { measuredIn, metricValue } from "./metric.ts";
import type { Behaviour, ReportCheck, ReportFault, ReportRound, SimulationReport } from "./reportData.ts";
import { BEHAVIOUR_NAMES } from "./summary.ts";

export function behaviourBadge(behaviour: Behaviour): Html {
  return html`<span class="behaviour"><i style="background:var(--${behaviour})"></i>${BEHAVIOUR_NAMES[behaviour]}</span>`;
}

export function walletsTable(report: SimulationReport): Html {
  const { symbol, decimals } = report.settings.token;
  const amount = (units: string): string => tokens(units, decimals);
  return htmlTable(
    "Wallets",
    [
      { title: "participant", cell: ({ name }) => name },
      { title: "behaviour", cell: ({ behaviour }) => behaviourBadge(behaviour) },
      { title: "mean score share", number: true, cell: ({ scoreShare }) => percent(scoreShare / report.rounds.length) },
      { title: `for contribution, ${symbol}`, number: true, cell: ({ pay }) => amount(pay.contribution) },
      { title: `paid in all, ${symbol}`, number: true, cell: ({ pay }) => amount(pay.total) },
      { title: `stake before, ${symbol}`, number: true, cell: ({ stakeAtStart }) => amount(stakeAtStart) },
      { title: `stake after, ${symbol}`, number: true, cell: ({ stakeAtEnd }) => amount(stakeAtEnd) },
    ],
    report.participants,
  );
}

export function costsTable(report: SimulationReport): Html {
  return htmlTable(
    "Work and identities",
    [
      { title: "participant", cell: ({ name }) => name },
      { title: "training examples", number: true, cell: ({ trainExamples }) => count(trainExamples) },
      { title: "kept for scoring", number: true, cell: ({ validationExamples }) => count(validationExamples) },
      { title: "gas", number: true, cell: ({ gas }) => count(gas) },
      { title: "sent", number: true, cell: ({ bytesSent }) => bytes(bytesSent) },
      { title: "received", number: true, cell: ({ bytesReceived }) => bytes(bytesReceived) },
      { title: "wallet", cell: ({ wallet }) => hexCell(wallet) },
      { title: "operator", cell: ({ operator }) => hexCell(operator) },
    ],
    report.participants,
  );
}

function hexCell(hex: string): Html {
  return html`<code title="${hex}">${shortHex(hex)}</code>`;
}

/** `p2: wrong aggregate, proven by p5, 50.00 PACE taken`. */
export function faultText({ kind, participant, prover, taken }: ReportFault, report: SimulationReport): string {
  const { symbol, decimals } = report.settings.token;
  const cost = `${tokens(taken, decimals)} ${symbol} taken`;
  return kind === "missed"
    ? `${participant}: missed a duty, ${cost}`
    : `${participant}: wrong aggregate, proven by ${prover}, ${cost}`;
}

export function roundsTable(report: SimulationReport): Html {
  const { metric } = report;
  return htmlTable<ReportRound>(
    "Rounds",
    [
      { title: "round", cell: ({ round }) => round },
      { title: "outcome", cell: ({ outcome }) => outcome },
      { title: metric.name, number: true, cell: (round) => metricValue(metric, measuredIn(round, metric)) },
      { title: "loss", number: true, cell: ({ loss }) => lossText(loss) },
      { title: "duration", number: true, cell: ({ seconds }) => duration(seconds) },
      { title: "aggregator", cell: ({ aggregator }) => aggregator },
      { title: "faults", wide: true, cell: ({ faults }) => faults.map((fault) => faultText(fault, report)).join("; ") },
      { title: "included", number: true, cell: ({ included, committed }) => `${included} of ${committed}` },
      { title: "gas each", number: true, cell: ({ gasPerParticipant }) => count(gasPerParticipant) },
      { title: "bytes each", number: true, cell: ({ bytesPerParticipant }) => bytes(bytesPerParticipant) },
      { title: "aggregate root", cell: ({ aggregateRoot }) => hexCell(aggregateRoot) },
    ],
    report.rounds,
  );
}

export function checksTable({ checks }: SimulationReport): Html {
  return htmlTable<ReportCheck>(
    "What the run was to show, checked on its own figures",
    [
      { title: "check", cell: ({ name }) => name },
      {
        title: "result",
        cell: ({ passed }) =>
          html`<span class="${passed ? "passed" : "failed"}">${passed ? "✓ passed" : "✗ failed"}</span>`,
      },
      { title: "figures", wide: true, cell: ({ detail }) => detail },
    ],
    checks,
  );
}

export function moneyTable({ money, settings }: SimulationReport): Html {
  const { symbol, decimals } = settings.token;
  const rows: [string, string][] = [
    ["pool", money.pool],
    ["slashed stake that joined it", money.slashedIntoPool],
    ["paid to wallets", money.paid],
    ["left over", money.left],
    ["of that, burned", money.burned],
  ];
  return htmlTable(
    "Money, read from the chain",
    [
      { title: "what", cell: ([what]) => what },
      { title: symbol, number: true, cell: ([, units]) => tokens(units, decimals, decimals) },
    ],
    rows,
  );
}

export function settingsTable({ settings, startedAt }: SimulationReport): Html {
  const { token, versions, ...rest } = settings;
  const words = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  const rows: [string, string][] = [
    ["started", startedAt],
    ...Object.entries(rest).map(([name, value]): [string, string] => [words(name), String(value)]),
    ["token", `${token.symbol}, ${token.decimals} decimals`],
    [
      "versions",
      Object.entries(versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(", "),
    ],
  ];
  return htmlTable(
    "Settings and versions",
    [
      { title: "setting", cell: ([name]) => name },
      { title: "value", wide: true, cell: ([, value]) => value },
    ],
    rows,
  );
}
