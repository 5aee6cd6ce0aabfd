import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { VirtualClock } from "../../node/simulation/clock.ts";
import { DueQueue } from "../../node/simulation/queue.ts";

const never = (): boolean => false;

describe("the queue of a virtual clock", () => {
  it("gives back what is due first, and of two at one time what was added first", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 200 }), (times) => {
        const queue = new DueQueue<{ at: number; order: number }>();
        const items = times.map((at, order) => ({ at, order }));
        for (const item of items) queue.push(item);
        const taken = items.map(() => queue.pop());
        expect(taken).to.deep.equal(items.toSorted((a, b) => a.at - b.at || a.order - b.order));
        expect(queue.pop()).to.equal(undefined);
      }),
    );
  });

  it("keeps that order where adding and taking take turns", () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.integer({ min: 0, max: 9 })), { maxLength: 200 }), (steps) => {
        const queue = new DueQueue<{ at: number; order: number }>();
        let left: { at: number; order: number }[] = [];
        for (const [order, at] of steps.entries()) {
          if (at !== null) {
            queue.push({ at, order });
            left.push({ at, order });
            continue;
          }
          left = left.toSorted((a, b) => a.at - b.at || a.order - b.order);
          expect(queue.pop()).to.deep.equal(left.shift());
        }
        expect(queue.size).to.equal(left.length);
      }),
    );
  });
});

describe("a virtual clock", () => {
  it("passes from event to event without waiting, and stops where nothing is left", async () => {
    const clock = new VirtualClock(100);
    const seen: [string, number][] = [];
    clock.after(86_400, () => seen.push(["a day later", clock.now()]));
    clock.after(2.5, () => seen.push(["soon", clock.now()]));
    expect(await clock.run(never)).to.equal(false);
    expect(seen).to.deep.equal([
      ["soon", 102.5],
      ["a day later", 86_500],
    ]);
  });

  it("lets what an event sets off come to its end before time goes on", async () => {
    const clock = new VirtualClock(0);
    const seen: string[] = [];
    clock.after(1, () => {
      void (async () => {
        for (let hops = 0; hops < 40; hops++) await Promise.resolve();
        seen.push(`set off at 1, done at ${clock.now()}`);
      })();
    });
    clock.after(1.001, () => seen.push("next"));
    await clock.run(never);
    expect(seen).to.deep.equal(["set off at 1, done at 1", "next"]);
  });

  it("does the same for quiet work that says so, and waits for no other", async () => {
    const clock = new VirtualClock(0);
    const seen: string[] = [];
    const setOff = (name: string): void => void Promise.resolve().then(() => seen.push(`${name} at ${clock.now()}`));
    clock.quietly(1, () => {
      setOff("stirred");
      clock.stir();
    });
    clock.quietly(2, () => setOff("unsaid"));
    clock.quietly(3, () => undefined);
    await clock.run(never);
    expect(seen).to.deep.equal(["stirred at 1", "unsaid at 3"]);
  });

  it("holds time still for work that really takes time", async () => {
    const clock = new VirtualClock(0);
    const seen: number[] = [];
    clock.after(1, async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      seen.push(clock.now());
    });
    clock.after(1.5, () => seen.push(clock.now()));
    await clock.run(never);
    expect(seen).to.deep.equal([1, 1.5]);
  });

  it("works a series off between all else, at its times", async () => {
    const clock = new VirtualClock(10);
    const seen: [string, number][] = [];
    clock.series(Float64Array.of(1, 2, 2, 4), (index) => seen.push([`series ${index}`, clock.now()]));
    clock.after(3, () => seen.push(["other", clock.now()]));
    await clock.run(never);
    expect(seen).to.deep.equal([
      ["series 0", 11],
      ["series 1", 12],
      ["series 2", 12],
      ["other", 13],
      ["series 3", 14],
    ]);
  });

  it("forgets what is no longer wanted", async () => {
    const clock = new VirtualClock(0);
    const seen: string[] = [];
    const forget = clock.after(1, () => seen.push("forgotten"));
    clock.after(0.5, forget);
    clock.after(2, () => seen.push("kept"));
    await clock.run(never);
    expect(seen).to.deep.equal(["kept"]);
    expect(clock.events).to.equal(2);
  });

  it("keeps its order however much is forgotten meanwhile", async () => {
    const clock = new VirtualClock(0);
    const seen: number[] = [];
    for (let at = 0; at < 5000; at++) {
      const forget = clock.after((at * 7919) % 5000, () => seen.push((at * 7919) % 5000));
      if (at % 4 !== 0) forget();
    }
    await clock.run(never);
    expect(seen.length).to.equal(1250);
    expect(seen).to.deep.equal(seen.toSorted((a, b) => a - b));
  });
});
