import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import {
  bytes,
  count,
  duration,
  figure,
  lossText,
  percent,
  points,
  shortHex,
  tokens,
} from "../../node/dashboard/format.ts";

describe("tokens", () => {
  it("writes whole tokens with the token's own decimals", () => {
    expect(tokens("1234567890000000000000", 18)).to.equal("1,234.56");
    expect(tokens("1234567", 6)).to.equal("1.23");
    expect(tokens("42", 0)).to.equal("42");
    expect(tokens("7", 1)).to.equal("0.7");
  });

  it("rounds down, so that nothing is shown that is not there", () => {
    expect(tokens("999999999999999999", 18)).to.equal("0.99");
    expect(tokens("1", 18, 18)).to.equal("0.000000000000000001");
  });

  it("keeps the sign of what is owed", () => {
    expect(tokens("-1500000", 6)).to.equal("−1.50");
  });

  it("loses no unit when all decimals are kept", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 30n }), fc.integer({ min: 1, max: 18 }), (units, decimals) => {
        expect(BigInt(tokens(units, decimals, decimals).replaceAll(/[,.]/g, ""))).to.equal(units);
      }),
    );
  });
});

describe("bytes", () => {
  it("keeps three digits and changes the unit before a fourth would show", () => {
    const written = [0, 999, 1000, 3_194_000, 99_940_000, 99_960_000, 999_499_999, 999_600_000, 3.2e12, 5e15].map(
      bytes,
    );
    const wanted = [
      "0 B",
      "999 B",
      "1.00 kB",
      "3.19 MB",
      "99.9 MB",
      "100 MB",
      "999 MB",
      "1.00 GB",
      "3.20 TB",
      "5000 TB",
    ];
    expect(written).to.deep.equal(wanted);
  });
});

describe("duration", () => {
  it("is in the unit that people would use", () => {
    const written = [0.4213, 9.999, 12.34, 59.94, 59.96, 75.4, 3599.7, 7260].map(duration);
    const wanted = ["0.42 s", "10.00 s", "12.3 s", "59.9 s", "1 min 0 s", "1 min 15 s", "1 h 0 min", "2 h 1 min"];
    expect(written).to.deep.equal(wanted);
  });
});

describe("figures and losses", () => {
  it("have four digits, and no more after the point than they need", () => {
    const written = [0.87123, 12.3456, 999.94, 999.96, 54321.7, 0.00012346, 0].map(figure);
    expect(written).to.deep.equal(["0.8712", "12.35", "999.9", "1,000", "54,322", "0.0001235", "0"]);
    expect(figure(Number.NaN)).to.equal("–");
  });

  it("are thousandths of a loss, while it is small", () => {
    expect([0.9018, 12.3456, 123.456, undefined].map(lossText)).to.deep.equal(["0.902", "12.346", "123.5", "–"]);
  });
});

describe("shares and counts", () => {
  it("are written for people, with a dash for what was not measured", () => {
    expect(percent(0.8731)).to.equal("87.3 %");
    expect(percent(Number.NaN)).to.equal("–");
    expect(count(1_234_567.4)).to.equal("1,234,567");
    expect(shortHex(`0x${"ab".repeat(20)}`)).to.equal("0xababab…abab");
  });

  it("give a difference its sign, and none to what rounds to nothing", () => {
    expect([0.0141, -0.0113, 0.0002, -0.0002].map(points)).to.deep.equal(["+1.4", "−1.1", "±0.0", "±0.0"]);
  });
});
