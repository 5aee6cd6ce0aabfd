import { PassThrough } from "node:stream";
import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { finalTables } from "../../node/dashboard/finalTables.ts";
import { fit, liveLines, progress, progressBar, sparkline } from "../../node/dashboard/liveLines.ts";
import { createLiveView, PlainLiveView } from "../../node/dashboard/terminal.ts";
import { fixtureReport, fixtureStatus } from "../helpers/reportFixture.ts";

const PACE = { symbol: "PACE", decimals: 18 };
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/;

describe("liveLines", () => {
  it("shows round, phase, accuracy, who leads, who was caught and every participant", () => {
    const lines = liveLines(fixtureStatus(), undefined, PACE, { width: 80, height: 24 }).map(({ text }) => text);
    expect(lines[0]).to.equal("Paceline   round 6 of 10   challenge   12.3 s");
    expect(lines[2]).to.equal("accuracy   81.4 %  ▁▅▇██");
    expect(lines[3]).to.equal("aggregator p3           leads  p8 with 161.25 PACE");
    expect(lines[4]).to.equal("! round 3: p2 published a wrong aggregate, proven by p5, 50 PACE slashed");
    expect(lines[6]).to.equal("participant   score     paid, PACE  doing");
    expect(lines[9]).to.equal("p3           20.9 %         143.65  aggregating");
    expect(lines).to.have.length(15);
  });

  it("never needs more room than the terminal has", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 120 }),
        fc.integer({ min: 1, max: 40 }),
        fc.nat(60),
        (width, height, count) => {
          const status = fixtureStatus();
          const participants = Array.from({ length: count }, (_, index) => ({
            ...status.participants[index % 8]!,
            name: `p${index}`,
          }));
          const events = Array.from({ length: count % 7 }, (_, index) => `round ${index}: skipped`);
          const lines = liveLines({ ...status, participants, events }, "paying out", PACE, { width, height });
          expect(lines.length).to.be.at.most(height);
          for (const { text } of lines) expect(Array.from(text).length).to.be.at.most(Math.max(1, width));
        },
      ),
    );
  });

  it("says how many participants do not fit", () => {
    const lines = liveLines(fixtureStatus(), undefined, PACE, { width: 80, height: 12 });
    expect(lines.at(-1)?.text).to.equal("… and 4 more");
  });

  it("lets no text move the cursor", () => {
    const status = { ...fixtureStatus(), events: ["round 3: \u001b[2J\u009b31m gone\r\n"] };
    const lines = liveLines(status, "\u0007ring", PACE, { width: 80, height: 24 });
    for (const { text } of lines) expect(text).to.not.match(CONTROL);
  });
});

describe("the parts of the live view", () => {
  it("draw progress from the rounds that are over and the phase of this one", () => {
    expect(progress(fixtureStatus())).to.be.closeTo(0.56, 1e-12);
    expect(progress({ ...fixtureStatus(), phase: "finished" })).to.equal(1);
    expect(progressBar(0.56, 31)).to.equal(`${"█".repeat(14)}${"░".repeat(11)}  56 %`);
    expect(progressBar(7, 20)).to.equal(`${"█".repeat(14)} 100 %`);
  });

  it("draw a curve from its lowest to its highest value, and the newest when there are too many", () => {
    expect(sparkline([1, 2, 3], 40)).to.equal("▁▅█");
    expect(sparkline([0.5, 0.5], 40)).to.equal("██");
    expect(sparkline([9, 1, 2, 3], 3)).to.equal("▁▅█");
  });

  it("cut a long text with an ellipsis", () => {
    expect(fit("wrong aggregate", 8)).to.equal("wrong a…");
    expect(fit("exact", 5)).to.equal("exact");
  });
});

describe("the view away from a terminal", () => {
  it("writes each settled round, stage and event once", () => {
    const lines: string[] = [];
    const view = new PlainLiveView((line) => lines.push(line));
    const status = fixtureStatus();
    view.stage("starting a chain");
    view.update({ ...status, round: 2, values: [0.412], secondsInRun: 3.21, events: [] });
    view.update({ ...status, round: 2, values: [0.412], secondsInRun: 3.4, events: [] });
    view.update({
      ...status,
      round: 3,
      values: [0.412, 0.618],
      secondsInRun: 5.5,
      events: ["round 2: p4 missed its turn"],
    });
    view.update({ ...status, round: 3, values: [0.412, 0.618], events: ["round 2: p4 missed its turn"] });
    view.finish();
    view.stage("too late");
    expect(lines).to.deep.equal([
      "starting a chain",
      "round 1 of 10 settled: accuracy 41.2 % after 3.21 s",
      "round 2 of 10 settled: accuracy 61.8 % after 5.50 s",
      "round 2: p4 missed its turn",
    ]);
  });

  it("is chosen for a pipe, and sends it no control codes", () => {
    const pipe = new PassThrough();
    const view = createLiveView(pipe as unknown as NodeJS.WriteStream);
    view.stage("starting \u001b[31ma chain");
    view.update(fixtureStatus());
    view.finish();
    const written = String(pipe.read());
    expect(written.trim().split("\n")).to.have.length(7);
    expect(written).to.not.match(CONTROL);
  });
});

describe("the view on a terminal", () => {
  it("redraws in place, and finishes once", () => {
    const { NO_COLOR, CI } = process.env;
    delete process.env["NO_COLOR"];
    delete process.env["CI"];
    try {
      const terminal = Object.assign(new PassThrough(), { isTTY: true, columns: 80, rows: 30 });
      const view = createLiveView(terminal as unknown as NodeJS.WriteStream);
      view.stage("starting");
      view.update({ ...fixtureStatus(), round: 1 });
      view.update(fixtureStatus());
      view.finish();
      view.finish();
      view.update(fixtureStatus());
      const written = String(terminal.read());
      expect(written).to.include("\u001b[");
      expect(written).to.include("round 6 of 10");
    } finally {
      if (NO_COLOR !== undefined) process.env["NO_COLOR"] = NO_COLOR;
      if (CI !== undefined) process.env["CI"] = CI;
    }
  });
});

describe("the final tables", () => {
  const text = finalTables(fixtureReport());

  it("are at most 100 columns wide and hold no control codes", () => {
    for (const line of text.split("\n")) expect(Array.from(line).length).to.be.at.most(100);
    expect(text).to.not.match(CONTROL);
  });

  it("show accuracy by round, wallets, costs, money and checks", () => {
    expect(text).to.include(
      "│     3 │   72.4 % │ 0.902 │   2.63 s │   8 of 8 │ p5         │ settled; p2 lied, proven by p5 │",
    );
    expect(text).to.include(
      "│ p2          │ honest       │ 16.7 % │       150.35 │      150.35 │       100.00 │       50.00 │",
    );
    expect(text).to.match(/│ p1 +│ 429,218 │ 2\.08 MB │ +1\.63 MB │/);
    expect(text).to.match(/│ +3 │ 503,476 │ 3\.31 MB │ +0\.55 │ +0\.34 │ +0\.28 │ +0\.62 │ +0\.83 │/);
    expect(text).to.include("1,200.000000000000000000");
    expect(text).to.include("The books balance to the wei.");
    expect(text).to.include("✓ harm is not paid");
  });

  it("write amounts in the token's own decimals", () => {
    const report = fixtureReport();
    const settings = { ...report.settings, token: { symbol: "EURC", decimals: 6 } };
    const money = { ...report.money, pool: "1234567891" };
    expect(finalTables({ ...report, settings, money }))
      .to.include("1,234.567891")
      .and.include("Money in EURC");
  });

  it("keep their width with long names and report a failed check", () => {
    const report = fixtureReport();
    const long = "an-institution-with-a-long-name.example";
    const rounds = report.rounds.map((one) => ({
      ...one,
      aggregator: long,
      faults: [{ kind: "wrong-aggregate" as const, participant: long, prover: long, taken: "1" }],
    }));
    const participants = report.participants.map((one) => ({ ...one, name: long }));
    const checks = [{ name: "close to central training", passed: false, detail: "12 points below ".repeat(20) }];
    const wide = finalTables({ ...report, rounds, participants, checks });
    for (const line of wide.split("\n")) expect(Array.from(line).length).to.be.at.most(100);
    expect(wide).to.include("✗ close to central training");
  });
});
