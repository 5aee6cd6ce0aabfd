import { expect } from "chai";
import { describe, it } from "mocha";
import { planEffects, type Intent } from "../../node/protocol/plan.ts";

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
