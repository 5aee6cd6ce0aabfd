import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { learningRateAt } from "../../node/training/schedule.ts";
import { scheduleSchema, type ScheduleSpec } from "../../node/training/scheduleSpec.ts";
import { codeOf } from "../helpers/errors.ts";
import { SEEDED } from "../helpers/seeded.ts";

const BASE = 0.3;

function expectRates(schedule: ScheduleSpec, totalSteps: number, expected: Readonly<Record<number, number>>): void {
  for (const [step, rate] of Object.entries(expected))
    expect(learningRateAt(schedule, BASE, Number(step), totalSteps), `step ${step}`).to.be.closeTo(rate, 1e-12);
}

describe("the learning rate", () => {
  it("stays at its base", () => {
    expectRates({ kind: "constant" }, 8, { 0: BASE, 5: BASE, 7: BASE });
  });

  it("falls by a factor after every so many steps", () => {
    const expected = { 0: 0.3, 2: 0.3, 3: 0.12, 5: 0.12, 6: 0.048, 11: 0.0192 };
    expectRates({ kind: "step", everySteps: 3, factor: 0.4 }, 12, expected);
  });

  it("falls along half a cosine to its floor", () => {
    // numpy: 0.3 · (0.1 + 0.9 · (1 + cos(π t / 8)) / 2)
    const expected = { 0: 0.3, 1: 0.289723736889, 2: 0.26045941546, 4: 0.165, 7: 0.040276263111, 8: 0.03, 99: 0.03 };
    expectRates({ kind: "cosine", floor: 0.1 }, 8, expected);
  });

  it("falls evenly to its floor", () => {
    const expected = { 0: 0.3, 1: 0.271875, 3: 0.215625, 7: 0.103125, 8: 0.075, 99: 0.075 };
    expectRates({ kind: "linear", floor: 0.25 }, 8, expected);
  });

  it("falls to 0 where there is no floor", () => {
    expectRates({ kind: "linear" }, 5, { 4: 0.06, 5: 0 });
    expectRates({ kind: "cosine" }, 6, { 3: 0.15, 6: 0 });
  });

  it("grows evenly to its base first, and only then the schedule begins", () => {
    const warm = { 0: 0.075, 1: 0.15, 2: 0.225, 3: 0.3, 4: 0.3 };
    expectRates({ kind: "constant", warmupSteps: 4 }, 12, { ...warm, 11: 0.3 });
    expectRates({ kind: "step", everySteps: 3, factor: 0.4, warmupSteps: 4 }, 12, { ...warm, 6: 0.3, 7: 0.12 });
    expectRates({ kind: "linear", warmupSteps: 4 }, 12, { ...warm, 5: 0.2625, 11: 0.0375 });
    // numpy: 0.3 · (1 + cos(π (t − 4) / 8)) / 2
    const cosine = { ...warm, 5: 0.288581929876693, 7: 0.20740251485476346, 11: 0.011418070123306989 };
    expectRates({ kind: "cosine", warmupSteps: 4 }, 12, cosine);
  });

  it("is still growing at the end of a training that is shorter than the warm-up", () => {
    expectRates({ kind: "cosine", warmupSteps: 10 }, 4, { 0: 0.03, 3: 0.12 });
    expectRates({ kind: "linear", warmupSteps: 10 }, 10, { 9: 0.3, 10: 0.3 });
  });
});

/** Any schedule, with numbers at the ends of their ranges among them. */
const warmupSteps = fc.option(fc.integer({ min: 0, max: 40 }), { nil: undefined });
const share = fc.double({ min: 0, max: 1, noNaN: true });
const schedules: fc.Arbitrary<ScheduleSpec> = fc.oneof(
  fc.record({ kind: fc.constant("constant" as const), warmupSteps }),
  fc.record({
    kind: fc.constant("step" as const),
    everySteps: fc.integer({ min: 1, max: 20 }),
    factor: fc.double({ min: 1e-300, max: 1, noNaN: true }),
    warmupSteps,
  }),
  fc.record({ kind: fc.constant("cosine" as const), floor: share, warmupSteps }),
  fc.record({ kind: fc.constant("linear" as const), floor: share, warmupSteps }),
);

describe("every schedule", () => {
  const steps = fc.integer({ min: 1, max: 60 });

  it("grows during the warm-up, never afterwards, and stays between 0 and the base", () => {
    fc.assert(
      fc.property(schedules, steps, (schedule, totalSteps) => {
        const rates = Array.from({ length: 80 }, (_, step) => learningRateAt(schedule, BASE, step, totalSteps));
        rates.forEach((rate, step) => {
          expect(rate).to.be.within(0, BASE * (1 + 1e-15));
          if (step === 0) return;
          if (step < (schedule.warmupSteps ?? 0)) expect(rate).to.be.above(rates[step - 1]!);
          else expect(rate).to.be.at.most(rates[step - 1]! * (1 + 1e-15));
        });
      }),
      SEEDED,
    );
  });

  it("is proportional to the base", () => {
    fc.assert(
      fc.property(schedules, steps, fc.nat(70), (schedule, totalSteps, step) => {
        const rate = learningRateAt(schedule, BASE, step, totalSteps);
        expect(learningRateAt(schedule, 8 * BASE, step, totalSteps)).to.be.closeTo(8 * rate, 1e-15);
      }),
      SEEDED,
    );
  });

  it("can be written in a job file", () => {
    fc.assert(
      fc.property(schedules, (schedule) => {
        const text = JSON.stringify(schedule);
        expect(JSON.stringify(scheduleSchema.parse(JSON.parse(text)))).to.equal(text);
      }),
      SEEDED,
    );
  });
});

describe("what is no schedule", () => {
  it("is refused in a job file", () => {
    const wrong: readonly unknown[] = [
      { kind: "exponential" },
      { kind: "constant", floor: 0.1 },
      { kind: "step", everySteps: 5 },
      { kind: "step", everySteps: 0, factor: 0.5 },
      { kind: "step", everySteps: 2.5, factor: 0.5 },
      { kind: "step", everySteps: 5, factor: 0 },
      { kind: "step", everySteps: 5, factor: 1.1 },
      { kind: "cosine", floor: -0.1 },
      { kind: "linear", floor: 1.1 },
      { kind: "linear", warmupSteps: -1 },
      { kind: "linear", warmupSteps: 0.5 },
    ];
    const accepted = wrong.filter((schedule) => scheduleSchema.safeParse(schedule).success);
    expect(accepted).to.deep.equal([]);
  });

  it("has no learning rate outside its range", () => {
    const wrong: readonly [number, number, number][] = [
      [0, 3, 9],
      [-0.1, 3, 9],
      [NaN, 3, 9],
      [Infinity, 3, 9],
      [0.1, -1, 9],
      [0.1, 1.5, 9],
      [0.1, NaN, 9],
      [0.1, 3, 0],
      [0.1, 3, 9.5],
    ];
    for (const [base, step, totalSteps] of wrong)
      expect(codeOf(() => learningRateAt({ kind: "cosine" }, base, step, totalSteps))).to.equal("bad-argument");
  });
});
