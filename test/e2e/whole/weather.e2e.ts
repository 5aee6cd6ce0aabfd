import { expect } from "chai";
import { describe, it } from "mocha";
import { playAnyWeather } from "../../protocol/anyWeather.ts";

describe("federations on a virtual clock, in weather of all kinds", function () {
  this.timeout(600_000);

  it("end every round soundly, whatever goes wrong", async () => {
    expect(await playAnyWeather(40, 540)).to.be.greaterThan(500);
  });
});
