import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { endTask, planEffects, type Intent } from "../../node/protocol/plan.ts";
import type { Task } from "../../node/protocol/state.ts";
import { SEEDED } from "../helpers/seeded.ts";

const advance = (notBefore: number): Intent => ({
  key: "advance",
  effect: { type: "advance", round: 4, phase: "challenge" },
  notBefore,
});

describe("the plan of effects", () => {
  it("starts an effect when its time comes nearer, though it was planned for later", () => {
    const later = planEffects([advance(120)], new Map(), 100);
    expect(later).to.deep.include({ effects: [], wakeAt: 120 });
    const nearer = planEffects([advance(103)], later.tasks, 101);
    expect(nearer).to.deep.include({ effects: [], wakeAt: 103 });
    const due = planEffects([advance(103)], nearer.tasks, 103);
    expect(due.effects.map(({ key }) => key)).to.deep.equal(["advance"]);
  });

  it("counts a delay from when the wish first stood, and forgets it when the wish falls", () => {
    const wish: Intent = { key: "post", effect: { type: "advance", round: 4, phase: "share" }, delay: 6 };
    const first = planEffects([wish], new Map(), 50);
    expect(first.wakeAt).to.equal(56);
    expect(planEffects([wish], first.tasks, 53).wakeAt).to.equal(56);
    const fallen = planEffects([], first.tasks, 54);
    expect(planEffects([wish], fallen.tasks, 55).wakeAt).to.equal(61);
  });

  it("does not start an effect that runs", () => {
    const started = planEffects([advance(90)], new Map(), 100);
    expect(started.effects).to.have.lengthOf(1);
    expect(planEffects([advance(90)], started.tasks, 101).effects).to.deep.equal([]);
  });
});

describe("the plan of effects, whatever is wished for", () => {
  const wish: fc.Arbitrary<Intent> = fc.record(
    {
      key: fc.constantFrom("a", "b", "c", "d"),
      effect: fc.constant({ type: "advance", round: 4, phase: "share" } as const),
      delay: fc.nat(20),
      notBefore: fc.nat(60),
      repeat: fc.integer({ min: 1, max: 9 }),
    },
    { requiredKeys: ["key", "effect"] },
  );
  /** What happens between two plans: time passes, or the effect of a key ends. */
  const moment = fc.record({
    wishes: fc.array(wish, { maxLength: 5 }),
    seconds: fc.nat(8),
    ends: fc.option(fc.record({ key: fc.constantFrom("a", "b", "c", "d"), ok: fc.boolean() })),
  });
  const RETRY = 3;

  it("runs no effect twice at a time, none before its time, and wakes for the next one", () => {
    fc.assert(
      fc.property(fc.array(moment, { maxLength: 30 }), (moments) => {
        let tasks: ReadonlyMap<string, Task> = new Map();
        let now = 0;
        const running = new Set<string>();
        for (const { wishes, seconds, ends } of moments) {
          now += seconds;
          if (ends !== null) {
            tasks = endTask(tasks, ends.key, ends.ok, now, RETRY);
            running.delete(ends.key);
          }
          const plan = planEffects(wishes, tasks, now);
          expect(new Set(plan.effects.map(({ key }) => key)).size).to.equal(plan.effects.length);
          for (const { key } of plan.effects) {
            const asked = wishes.find((one) => one.key === key)!;
            expect(asked.notBefore ?? 0).to.be.at.most(now);
            expect(running.has(key)).to.equal(false);
            if (asked.repeat === undefined) running.add(key);
          }
          expect(plan.wakeAt).to.be.greaterThan(now);
          for (const key of running) expect(plan.tasks.get(key)).to.deep.equal({ nextAt: Infinity });
          tasks = plan.tasks;
        }
      }),
      SEEDED,
    );
  });

  it("starts every wish that stands, sooner or later, if it is woken when it asks to be", () => {
    fc.assert(
      fc.property(fc.array(wish, { minLength: 1, maxLength: 5 }), (wishes) => {
        const started = new Set<string>();
        let tasks: ReadonlyMap<string, Task> = new Map();
        let now = 0;
        for (let turns = 0; now < 100 && turns < 200; turns++) {
          const plan = planEffects(wishes, tasks, now);
          for (const { key } of plan.effects) started.add(key);
          tasks = plan.tasks;
          now = plan.wakeAt;
        }
        expect([...started].sort()).to.deep.equal([...new Set(wishes.map(({ key }) => key))].sort());
      }),
      SEEDED,
    );
  });

  it("tries again soon after a failure and later after a success that does not show", () => {
    const wishes: Intent[] = [{ key: "a", effect: { type: "advance", round: 4, phase: "share" } }];
    const { tasks } = planEffects(wishes, new Map(), 50);
    expect(planEffects(wishes, endTask(tasks, "a", false, 60, RETRY), 60).wakeAt).to.equal(63);
    expect(planEffects(wishes, endTask(tasks, "a", true, 60, RETRY), 60).wakeAt).to.equal(90);
    // An end that nobody waits for changes nothing.
    expect(endTask(tasks, "b", true, 60, RETRY)).to.equal(tasks);
  });
});
