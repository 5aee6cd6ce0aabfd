import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { parseHTML } from "linkedom";
import { describe, it } from "mocha";
import { renderReport, writeReport } from "../../node/dashboard/report.ts";
import type { SimulationReport } from "../../node/dashboard/reportData.ts";
import { fixtureReport } from "../helpers/reportFixture.ts";

interface Element {
  readonly textContent: string;
  getAttribute(name: string): string | null;
  querySelectorAll(selector: string): Iterable<Element>;
}

function parsed(text: string): Element {
  return (parseHTML(text) as unknown as { document: Element }).document;
}

function all(root: Element, selector: string): Element[] {
  return [...root.querySelectorAll(selector)];
}

const text = renderReport(fixtureReport());
const page = parsed(text);

describe("the report page", () => {
  it("asks for nothing from outside and runs no script", () => {
    expect(all(page, "script, link, img, iframe, object, embed")).to.have.length(0);
    const namespaces = /http:\/\/www\.w3\.org\/(2000\/svg|1999\/xlink)/g;
    expect(text.replaceAll(namespaces, "")).to.not.match(/https?:|url\(|@import|\son\w+=/);
    expect(text).to.include("default-src 'none'");
  });

  it("stays under 400 kB", () => {
    expect(Buffer.byteLength(text)).to.be.lessThan(400_000);
  });

  it("leads with accuracy, its baselines, who was caught and whether the money balances", () => {
    const cards = all(page, ".cards li").map(({ textContent }) => textContent.replaceAll(/\s+/g, " ").trim());
    expect(cards[0]).to.include("89.1 %");
    expect(cards[1]).to.include("−1.1 points").and.include("90.2 %");
    expect(cards[3]).to.include("p2").and.include("proven by p5").and.include("50.00 PACE");
    expect(cards[4]).to.include("0.0 %");
    expect(cards[5]).to.include("1,000.00 PACE").and.include("pool = paid + left");
  });

  it("names every chart, and heads every column and row of its tables", () => {
    const charts = all(page, "figure > svg");
    expect(charts).to.have.length(9);
    for (const chart of charts) {
      expect(chart.getAttribute("role")).to.equal("img");
      expect(chart.getAttribute("aria-label")).to.be.a("string").and.not.equal("");
    }
    for (const table of all(page, "table")) {
      expect(all(table, "caption")).to.have.length(1);
      expect(all(table, "thead th[scope=col]").length).to.be.greaterThan(1);
      expect(all(table, "tbody th[scope=row]").length).to.equal(all(table, "tbody tr").length);
    }
  });

  it("has a row for each participant and each round", () => {
    const rows = (caption: string): string[] =>
      all(page, "table")
        .filter((table) => all(table, "caption")[0]?.textContent === caption)
        .flatMap((table) => all(table, "tbody th").map(({ textContent }) => textContent));
    expect(rows("Wallets")).to.deep.equal(["p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8"]);
    expect(rows("Rounds")).to.deep.equal(["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]);
  });

  it("escapes every text, in tables and in charts", () => {
    const evil = `<script>alert("1")</script>&'`;
    const report = fixtureReport();
    const { participants, rounds, checks, settings } = report;
    const hostile = renderReport({
      ...report,
      settings: {
        ...settings,
        data: evil,
        model: evil,
        machine: evil,
        token: { symbol: evil, decimals: 18 },
        versions: { [evil]: evil },
      },
      participants: participants.map((one) => ({ ...one, name: evil + one.name, wallet: evil, operator: evil })),
      rounds: rounds.map((one) => ({
        ...one,
        aggregator: evil,
        aggregateRoot: evil,
        faults: [{ kind: "missed" as const, participant: evil, prover: evil, taken: "1" }],
      })),
      checks: checks.map((one) => ({ ...one, name: evil, detail: evil })),
    });
    expect(hostile).to.not.include("<script");
    expect(all(parsed(hostile), "script")).to.have.length(0);
  });

  it("says so when a check failed or the books do not balance", () => {
    const report = fixtureReport();
    const bad = parsed(
      renderReport({
        ...report,
        checks: [{ name: "close to central training", passed: false, detail: "12 points below" }],
        money: { ...report.money, balanced: false },
      }),
    );
    expect(all(bad, ".failed")[0]?.textContent).to.equal("✗ failed");
    expect(all(bad, ".cards li").at(-1)?.textContent).to.include("do not balance");
  });

  it("draws runs of one round, of nobody's scores, of two classes and of many participants", () => {
    const report = fixtureReport();
    const [first] = report.rounds;
    const runs: SimulationReport[] = [
      { ...report, rounds: report.rounds.slice(0, 1) },
      {
        ...report,
        rounds:
          first === undefined
            ? []
            : [{ ...first, outcome: "skipped", scores: first.scores.map(() => 0), pay: first.pay.map(() => "0") }],
      },
      { ...report, rounds: [] },
      {
        ...report,
        participants: report.participants.map((one) => ({
          ...one,
          labelCounts: [3, 190],
          pay: { contribution: "0", total: "0" },
        })),
      },
      {
        ...report,
        participants: Array.from({ length: 40 }, (_, index) => ({
          ...report.participants[index % 8]!,
          name: `participant-${index}`,
        })),
      },
    ];
    for (const run of runs) {
      expect(renderReport(run)).to.not.match(/NaN|undefined|Infinity/);
    }
  });

  it("is written with its data beside it", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "paceline-report-"));
    try {
      await writeReport(fixtureReport(), path.join(folder, "runs", "one"));
      const json = await readFile(path.join(folder, "runs", "one", "report.json"), "utf8");
      expect(JSON.parse(json)).to.deep.equal(fixtureReport());
      expect(await readFile(path.join(folder, "runs", "one", "report.html"), "utf8")).to.equal(text);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
