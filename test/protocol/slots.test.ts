import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { Slots } from "../../node/protocol/slots.ts";

describe("slots", () => {
  it("hold what a map holds, by ascending key, and leave earlier copies as they were", () => {
    const entry = fc.tuple(fc.integer({ min: 0, max: 70 }), fc.record({ value: fc.integer() }));
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 40 }), (entries) => {
        const copies = entries.reduce(
          (all, [key, value]) => [...all, all.at(-1)!.with(key, value)],
          [new Slots<{ value: number }>()],
        );
        for (const [count, slots] of copies.entries()) {
          const map = new Map(entries.slice(0, count));
          const expected = [...map].sort(([a], [b]) => a - b);
          expect([...slots]).to.deep.equal(expected);
          expect([...slots.keys()]).to.deep.equal(expected.map(([key]) => key));
          expect([...slots.values()]).to.deep.equal(expected.map(([, value]) => value));
          expect(slots.size).to.equal(map.size);
          for (let key = 0; key <= 71; key++) {
            expect(slots.has(key)).to.equal(map.has(key));
            expect(slots.get(key)).to.equal(map.get(key));
          }
          const visited: [number, unknown][] = [];
          slots.forEach((value, key) => visited.push([key, value]));
          expect(visited).to.deep.equal(expected);
        }
      }),
      { numRuns: 40 },
    );
  });
});
