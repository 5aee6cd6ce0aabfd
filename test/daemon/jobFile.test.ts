import { expect } from "chai";
import { describe, it } from "mocha";
import type { PacelineError } from "../../node/core/errors.ts";
import type { JobTerms } from "../../node/core/jobTerms.ts";
import { JOB_EXAMPLES } from "../../node/cli/jobExamples.ts";
import { requireSameSpec } from "../../node/daemon/job/jobFile.ts";
import { parseJobSpec, termsOf } from "../../node/daemon/job/jobSpec.ts";
import { keccakWords, type Address } from "../../node/core/bytes.ts";

const token: Address = `0x${"70".repeat(20)}`;

describe("a job file held against the terms on the chain", () => {
  const spec = parseJobSpec(JOB_EXAMPLES.digits);
  const terms = termsOf(spec, { address: token, decimals: 6 }, keccakWords(1));
  const refusal = (change: Partial<JobTerms>): string => {
    try {
      requireSameSpec("job.json", spec, { ...terms, ...change });
      return "";
    } catch (error) {
      expect((error as PacelineError).code).to.equal("bad-input");
      return (error as PacelineError).message;
    }
  };

  it("is the job's, whatever the token's unit", () => {
    expect(refusal({})).to.equal("");
    expect(refusal({ stake: 5n, genesisHash: keccakWords(2) })).to.equal("");
  });

  it("is not the job's where its hash is another", () => {
    expect(refusal({ specHash: keccakWords(3) })).to.match(/^job.json is not the job file of this job/);
  });

  it("is not believed to be where an endpoint tells of terms that do not follow from it", () => {
    const numbers = [
      "rule",
      "trimPermille",
      "weightCap",
      "vectorLength",
      "rounds",
      "maxExponent",
      "slotSeconds",
    ] as const;
    for (const name of numbers)
      expect(refusal({ [name]: terms[name] + 1 }), name).to.include(`${name} of the job is ${terms[name] + 1}`);
    expect(refusal({ stakeWeighted: !terms.stakeWeighted })).to.match(/ask another endpoint/);
  });
});
