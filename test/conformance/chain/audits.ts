import { expect } from "chai";
import { it } from "mocha";
import { auditJob, type AuditResult } from "../../../node/audit/audit.ts";
import type { RealChain, RealJob } from "./real.ts";

/** Every scenario that was played is a job that an audit must reproduce, event by event. */
export function describeAudits(chain: () => RealChain): void {
  it("reproduces in an audit all that was played above", async function () {
    this.timeout(120_000);
    const results = [];
    for (const job of chain().jobs) results.push(await auditOf(chain(), job));
    expect(results.length).to.be.greaterThan(30);
    expect(results.flatMap(({ difference }) => (difference === undefined ? [] : [difference]))).to.deep.equal([]);
    expect(results.every(({ stateCompared, unverified }) => stateCompared && unverified === 0)).to.equal(true);
    expect(results.some(({ provenWrong }) => provenWrong.length > 0)).to.equal(true);
  });
}

export function auditOf({ endpoint, deployment }: RealChain, { addresses }: RealJob): Promise<AuditResult> {
  const { signal } = new AbortController();
  return auditJob({ endpoint, source: { ...deployment, ...addresses }, signal });
}
