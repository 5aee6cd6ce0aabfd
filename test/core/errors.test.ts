import { describe, it } from "mocha";
import { expect } from "chai";
import { PacelineError, messageOf } from "../../node/core/errors.ts";

describe("PacelineError", () => {
  it("carries its code, its facts and its cause", () => {
    const cause = new Error("socket closed");
    const error = new PacelineError("timeout", "no answer within 3 s", { seconds: 3 }, cause);
    expect(error).to.be.instanceOf(Error);
    expect(error).to.include({ code: "timeout", message: "no answer within 3 s", name: "PacelineError", cause });
    expect(error.facts).to.deep.equal({ seconds: 3 });
  });

  it("has no cause when none is given", () => {
    expect(new PacelineError("closed", "stopped")).to.not.have.property("cause");
  });

  it("gives a message for anything that can be thrown", () => {
    expect(messageOf(new PacelineError("closed", "stopped"))).to.equal("stopped");
    expect(messageOf("plain text")).to.equal("plain text");
    expect(messageOf(undefined)).to.equal("undefined");
  });
});
