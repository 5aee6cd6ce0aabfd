import { expect } from "chai";
import { describe, it } from "mocha";
import { BaseError, HttpRequestError } from "viem";
import { failureOf } from "../../node/cli/failure.ts";
import { PacelineError } from "../../node/core/errors.ts";

describe("what a thrown thing becomes at the command line", () => {
  it("is the code and message of a PacelineError, on one line", async () => {
    const failure = await failureOf(
      new PacelineError("rejected", "the contract refused\n  join:   NotRegistered"),
      "paceline",
    );
    expect(failure).to.deep.include({ code: "rejected", message: "the contract refused join: NotRegistered", exit: 7 });
  });

  it("is a bug where nobody foresaw it, and where a part of the program was misused", async () => {
    for (const error of [
      new TypeError("x is not a function"),
      new PacelineError("bad-argument", "leaf −1 is outside"),
      "text",
    ]) {
      const { message, exit } = await failureOf(error, "paceline");
      expect(exit).to.equal(70);
      expect(message).to.match(/this is a bug in paceline.*PACELINE_DEBUG=1/);
    }
  });

  it("is the chain's where a read failed that nobody wrapped", async () => {
    const refused = new HttpRequestError({ url: "http://127.0.0.1:1", body: {}, details: "fetch failed" });
    expect(await failureOf(refused, "paceline")).to.include({ code: "chain-unreachable", exit: 6 });
    expect(await failureOf(new BaseError("strange answer"), "paceline")).to.include({ code: "rejected", exit: 7 });
  });

  it("is never longer than a few lines of a terminal", async () => {
    const { message } = await failureOf(new PacelineError("bad-input", "x".repeat(5000)), "paceline");
    expect(message.length).to.be.at.most(601);
  });
});
