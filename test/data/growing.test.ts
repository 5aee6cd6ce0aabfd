import { describe, it } from "mocha";
import { expect } from "chai";
import { growingFloats, growingInts } from "../../node/data/growing.ts";

describe("growing arrays", () => {
  it("hold what was pushed, exactly", () => {
    const floats = growingFloats("f");
    for (let i = 0; i < 5000; i++) floats.push(i / 4);
    expect(floats.length).to.equal(5000);
    const values = floats.take();
    expect(values).to.be.instanceOf(Float32Array).and.to.have.length(5000);
    expect(values.buffer.byteLength).to.equal(20_000);
    expect(values.every((value, i) => value === i / 4)).to.equal(true);
    const ints = growingInts("f");
    ints.push(-7);
    expect(ints.take()).to.deep.equal(Int32Array.of(-7));
    expect(growingInts("f").take()).to.deep.equal(new Int32Array(0));
  });

  it("refuse what does not fit, as soon as that is known", () => {
    const fault = /^large\.csv: it has more than the 3 numbers that fit/;
    const floats = growingFloats("large.csv", 3);
    for (let i = 0; i < 3; i++) floats.push(i);
    expect(() => floats.push(3)).to.throw(fault);
    expect(floats.take()).to.deep.equal(Float32Array.of(0, 1, 2));
    expect(() => growingInts("large.csv", 3).reserve(4)).to.throw(fault);
  });
});
