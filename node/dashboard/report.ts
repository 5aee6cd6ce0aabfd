import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { metricChart } from "./charts/metric.ts";
import { bytesChart, gasChart, labelChart, payChart, scoreChart, shareCaption } from "./charts/participants.ts";
import { bytesByRoundChart, gasByRoundChart, SECONDS_PARTS, secondsChart } from "./charts/rounds.ts";
import { duration, percent, tokens } from "./format.ts";
import { html, Html } from "./html.ts";
import { metricDifference, metricTitle, metricValue } from "./metric.ts";
import type { SimulationReport } from "./reportData.ts";
import {
  behaviourBadge,
  checksTable,
  costsTable,
  faultText,
  moneyTable,
  roundsTable,
  settingsTable,
  walletsTable,
} from "./reportTables.ts";
import { STYLE } from "./style.ts";
import { BEHAVIOURS, summarise } from "./summary.ts";

interface Card {
  readonly name: string;
  readonly value: string;
  readonly note: string;
}

function caughtCard(report: SimulationReport): Card {
  const { faults } = summarise(report);
  const names = [...new Set(faults.map(({ fault }) => fault.participant))];
  const note = faults.map(({ round, fault }) => `round ${round}, ${faultText(fault, report)}`).join("; ");
  return { name: "caught and slashed", value: names.join(", ") || "nobody", note: note || "no fault was proven" };
}

function cards(report: SimulationReport): Card[] {
  const { money, settings, baselines, metric } = report;
  const { decimals, symbol } = settings.token;
  const { finalValue, centralDifference, aloneDifference, harmfulShare, hasHarmful } = summarise(report);
  const direction = metric.better === "lower" ? "; lower is better" : "";
  const all: (Card | undefined)[] = [
    {
      name: `final ${metric.name}`,
      value: metricValue(metric, finalValue),
      note: `after ${report.rounds.length} rounds in ${duration(report.seconds)}`,
    },
    {
      name: "against one model on all the data",
      value: metricDifference(metric, centralDifference),
      note: `which reaches ${metricValue(metric, baselines.central)}${direction}`,
    },
    {
      name: "against training alone",
      value: metricDifference(metric, aloneDifference),
      note: `${metricValue(metric, baselines.aloneMean)} on average${direction}`,
    },
    caughtCard(report),
    hasHarmful
      ? {
          name: "paid to those who did harm or nothing",
          value: percent(harmfulShare),
          note: "of one equal share of the contributors' pay",
        }
      : undefined,
    {
      name: "paid out",
      value: `${tokens(money.paid, decimals)} ${symbol}`,
      note: money.balanced ? "✓ pool = paid + left, to the wei" : "✗ the books do not balance",
    },
  ];
  return all.filter((card) => card !== undefined);
}

function figure(title: string, caption: string, svg: string, legend: Html = html``): Html {
  return html`<figure>
    <h3>${title}</h3>
    <figcaption>${caption}</figcaption>
    ${legend}${new Html(svg)}
  </figure> `;
}

function legend(names: readonly string[]): Html {
  return html`<ul class="legend">
    ${names.map((name) => html`<li><i style="background:var(--${name})"></i>${name}</li>`)}
  </ul>`;
}

function behaviourLegend({ participants }: SimulationReport): Html {
  const seen = BEHAVIOURS.filter((behaviour) => participants.some((one) => one.behaviour === behaviour));
  return html`<ul class="legend">
    ${seen.map((behaviour) => html`<li>${behaviourBadge(behaviour)}</li>`)}
  </ul>`;
}

function learningFigures(report: SimulationReport): Html[] {
  const { metric, labels } = report;
  return [
    figure(`${metricTitle(metric)} by round`, "Of the global model on the test set.", metricChart(report)),
    figure("Pay for contribution", "By participant, over the whole run.", payChart(report), behaviourLegend(report)),
    figure("Scores by round", shareCaption(report), scoreChart(report)),
    figure(
      "Who holds what",
      `Training examples by ${labels.of}; area is number.`,
      labelChart(report),
      behaviourLegend(report),
    ),
  ];
}

function costFigures(report: SimulationReport): Html[] {
  return [
    figure(
      "Seconds by round",
      "Mean over participants; waiting is for others.",
      secondsChart(report),
      legend(SECONDS_PARTS),
    ),
    figure("Bytes by participant", "Over the whole run.", bytesChart(report), legend(["sent", "received"])),
    figure("Gas by participant", "Over the whole run.", gasChart(report), behaviourLegend(report)),
    figure(
      "Gas and bytes by round",
      "Mean over participants: gas above, bytes below.",
      gasByRoundChart(report) + bytesByRoundChart(report),
    ),
  ];
}

function lead({ settings, rounds }: SimulationReport): string {
  return (
    `${settings.participants} participants trained a ${settings.model} on ${settings.data} (${settings.partition}) for ${rounds.length} rounds. ` +
    "Nobody saw another's data; each round's aggregate was checked by the others and could be proven wrong on the chain; " +
    "each wallet was paid by what its updates improved."
  );
}

/** Writes `report.html` and `report.json` into a folder, which is made if it is not there. */
export async function writeReport(report: SimulationReport, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, "report.json"), `${JSON.stringify(report, null, 2)}\n`);
  await writeFile(path.join(folder, "report.html"), renderReport(report));
}

/** The whole report as one HTML file that asks for nothing from outside. */
export function renderReport(report: SimulationReport): string {
  const items = cards(report).map(
    ({ name, value, note }) =>
      html`<li>
        <span class="name">${name}</span><span class="value">${value}</span><span class="note">${note}</span>
      </li> `,
  );
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <title>
          Paceline: ${report.settings.participants} participants, ${report.rounds.length} rounds,
          ${report.settings.data}
        </title>
        <style>
          ${new Html(STYLE)}
        </style>
      </head>
      <body>
        <header>
          <h1>A federation of ${report.settings.participants}: ${report.settings.data}</h1>
          <p class="lead">${lead(report)}</p>
          <ul class="cards">
            ${items}
          </ul>
        </header>
        <main>
          <h2>What was learned, and who was paid for it</h2>
          <div class="charts">${learningFigures(report)}</div>
          <h2>What it cost</h2>
          <div class="charts">${costFigures(report)}</div>
          <h2>In figures</h2>
          ${checksTable(report)} ${walletsTable(report)} ${costsTable(report)}
          ${roundsTable(report)} ${moneyTable(report)} ${settingsTable(report)}
        </main>
        <footer>Written by Paceline; the same figures are in report.json.</footer>
      </body>
    </html> `;
  return page.text;
}
