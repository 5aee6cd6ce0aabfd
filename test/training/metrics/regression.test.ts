import { expect } from "chai";
import { describe, it } from "mocha";
import { createMetric } from "../../../node/training/metrics/createMetric.ts";
import type { MetricName } from "../../../node/training/metrics/metric.ts";
import type { OutputRows } from "../../../node/training/metrics/outputRows.ts";
import { numbers, REAL } from "./rows.ts";

const valueOf = (name: MetricName, rows: OutputRows, stddev?: number): number | undefined => {
  const metric = createMetric(name, { ...REAL, ...(stddev === undefined ? {} : { stddev }) });
  metric.add(rows);
  return metric.value();
};

describe("metrics of numbers", () => {
  it("agree with numpy on 40 rows", () => {
    expect(valueOf("loss", numbers())).to.be.closeTo(7.068359375, 1e-9);
    expect(valueOf("rmse", numbers())).to.be.closeTo(2.658638631894, 1e-9);
    expect(valueOf("mae", numbers())).to.be.closeTo(2.196875, 1e-9);
  });

  it("are √0.375 and 0.5 in scikit-learn's documentation of mean_squared_error and mean_absolute_error", () => {
    const rows = { targets: Float32Array.of(3, -0.5, 2, 7), outputs: Float32Array.of(2.5, 0, 2, 8) };
    expect(valueOf("rmse", rows)).to.be.closeTo(Math.sqrt(0.375), 1e-12);
    expect(valueOf("mae", rows)).to.equal(0.5);
  });

  it("come out in the target's own unit where it was standardised; the loss does not", () => {
    expect(valueOf("rmse", numbers(), 3.7)).to.be.closeTo(9.836962938008, 1e-9);
    expect(valueOf("mae", numbers(), 3.7)).to.be.closeTo(8.1284375, 1e-9);
    expect(valueOf("loss", numbers(), 3.7)).to.be.closeTo(7.068359375, 1e-9);
  });

  it("count a target of −1, which is a number and no padding", () => {
    const rows = { targets: Float32Array.of(-1, 2), outputs: Float32Array.of(4, 2) };
    expect(valueOf("mae", rows)).to.equal(2.5);
  });

  it("stay finite for the largest numbers", () => {
    const rows = { targets: Float32Array.of(3e38), outputs: Float32Array.of(-3e38) };
    expect(valueOf("rmse", rows, 1e300)).to.equal(Number.MAX_VALUE);
    expect(valueOf("rmse", rows)).to.be.closeTo(6e38, 1e32);
  });
});
