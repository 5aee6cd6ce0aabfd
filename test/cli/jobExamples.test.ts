import { expect } from "chai";
import { describe, it } from "mocha";
import { JOB_EXAMPLES, type JobExample } from "../../node/cli/jobExamples.ts";
import { openJobFile } from "../../node/daemon/job/jobFile.ts";
import { fitJob } from "../../node/daemon/job/jobFit.ts";
import { loadOwnData } from "../../node/daemon/learning/ownData.ts";
import { planOf } from "../../node/daemon/job/jobSpec.ts";
import { openTrainer } from "../../node/daemon/adapters.ts";
import { evaluationOf } from "../../node/daemon/job/evaluation.ts";
import { temporaryFolder } from "../data/temporaryFolder.ts";

/** A few examples of each kind, as a participant may have them. */
const SAMPLES: Readonly<Record<Exclude<JobExample, "digits">, readonly [format: string, text: string]>> = {
  table: [
    "csv",
    [
      "age,pressure,smoker,sex,outcome",
      "51,130,yes,f,well",
      "38,NA,no,m,ill",
      "72,155,no,f,ill",
      "29,118,yes,x,well",
      "45,121,no,m,well",
      "66,149,yes,m,ill",
    ].join("\n"),
  ],
  text: [
    "csv",
    ["text,label", "a very good film,good", "not good at all,bad", "good,good", "bad bad bad,bad", "fine,good"].join(
      "\n",
    ),
  ],
  tags: [
    "conll",
    ["A O\ncase O\nof O\nflu B-Disease\n", "No O\nbreast B-Disease\ncancer I-Disease\n", "All O\nwell O\n"].join("\n"),
  ],
  characters: ["text", "All that glisters is not gold.\nOften have you heard that told.\n".repeat(6)],
  ratings: [
    "csv",
    ["userId,movieId,rating,timestamp", "7,31,2.5,0", "7,1029,3,0", "15,31,4.5,0", "15,1061,3,0", "2,1029,5,0"].join(
      "\n",
    ),
  ],
};

describe("the examples of job files", function () {
  this.timeout(20_000);
  const folder = temporaryFolder();

  it("of digits is complete", () => {
    const { spec } = openJobFile(folder.write("digits.json", JSON.stringify(JOB_EXAMPLES.digits)));
    expect(spec.name).to.equal("digits");
  });

  for (const [kind, [format, text]] of Object.entries(SAMPLES)) {
    it(`of ${kind} is completed by a sample, and trains and measures its model on that`, async () => {
      const file = folder.write(`${kind}.json`, JSON.stringify(JOB_EXAMPLES[kind as JobExample]));
      const source = `${format}:${folder.write(`${kind}.sample`, text)}`;
      const { job, filled } = await fitJob(file, source, undefined);
      expect(filled.length).to.be.above(0);
      const { spec, model } = openJobFile(folder.write(`${kind}.fitted.json`, JSON.stringify(job)));
      const { train, heldOut } = await loadOwnData({ source, part: undefined, seed: 2 }, spec, model);
      const trainer = await openTrainer(model, { examples: train.count, place: "alone" });
      try {
        const length = { localSteps: 2 };
        const { params } = await trainer.train({
          params: trainer.initialParams(spec.seed),
          examples: train,
          plan: { ...planOf(spec, 1), length },
          seed: [1],
        });
        const { loss, count } = await trainer.evaluate(params, heldOut, evaluationOf(spec, model));
        expect(loss).to.be.within(0, 20);
        expect(count).to.be.above(0);
      } finally {
        await trainer.close();
      }
    });
  }
});
