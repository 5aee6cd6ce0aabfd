import { expect } from "chai";
import { describe, it } from "mocha";
import { JOB_EXAMPLES } from "../../node/cli/jobExamples.ts";
import { PacelineError } from "../../node/core/errors.ts";
import { openJobFile } from "../../node/daemon/job/jobFile.ts";
import { fitJob } from "../../node/daemon/job/jobFit.ts";
import { temporaryFolder } from "../data/temporaryFolder.ts";
import { rejectionOf } from "../helpers/errors.ts";

/** Heights 150, 160 and 180: mean 163.33, and a standard deviation of √(466.67 / 3) = 12.472. */
const SAMPLE = ["height,colour,sort", "150,red,cat", "160,blue,dog", "180,green,cat"].join("\n");

const outline = {
  kind: "table",
  columns: [
    { name: "height", type: "number" },
    { name: "colour", type: "category" },
  ],
  label: { column: "sort", type: "class" },
};

describe("fitting a job file to a sample", () => {
  const folder = temporaryFolder();
  const sample = `csv:${folder.write("sample.csv", SAMPLE)}`;
  const jobOf = (changes: object): string => {
    const { data: _, ...rest } = JOB_EXAMPLES.digits;
    const model = { kind: "mlp", inputs: 4, hidden: [5], classes: 2 };
    return folder.write("job.json", JSON.stringify({ ...rest, model, data: { contract: outline }, ...changes }));
  };
  const refusal = async (file: string, source = sample, ...table: [object?]): Promise<string> =>
    fitJob(file, source, table[0]).then(
      () => "fitted",
      (error: unknown) => {
        expect(error).to.be.instanceOf(PacelineError).with.property("code", "bad-input");
        return (error as Error).message;
      },
    );

  it("fills in what the contract leaves open, and says what that was", async () => {
    const file = jobOf({ data: { description: "of animals", contract: outline } });
    const { job, filled, proposed, sizes } = await fitJob(file, sample, undefined);
    const { description, contract } = job["data"] as { description: string; contract: typeof outline };
    expect(description).to.equal("of animals");
    const [height, colour] = contract.columns as unknown as [{ mean: number; stddev: number }, object];
    expect(height.mean).to.be.closeTo(163.333, 0.001);
    expect(height.stddev).to.be.closeTo(12.472, 0.001);
    expect(colour)
      .to.include({ name: "colour" })
      .and.to.deep.include({ categories: ["blue", "green", "red"] });
    expect(contract.label).to.deep.include({ classes: ["cat", "dog"] });
    expect(filled).to.deep.equal([
      "columns.height.mean",
      "columns.height.stddev",
      "columns.colour.categories",
      "label.classes",
    ]);
    expect({ proposed, sizes }).to.deep.equal({ proposed: false, sizes: [] });
    expect(openJobFile(folder.write("fitted.json", JSON.stringify(job))).spec.data.contract).to.deep.include(contract);
  });

  it("leaves alone what the job file says already", async () => {
    const [height, colour] = outline.columns;
    const said = { ...outline, columns: [{ ...height, mean: 100, stddev: 7 }, colour] };
    const { job, filled } = await fitJob(jobOf({ data: { contract: said } }), sample, undefined);
    const { contract } = job["data"] as { contract: typeof said };
    expect(contract.columns[0]).to.include({ mean: 100, stddev: 7 });
    expect(filled).to.not.include("columns.height.mean");
  });

  it("changes the sizes of the model that do not fit the data, and no others", async () => {
    const model = { kind: "mlp", inputs: 30, hidden: [5], classes: 3, dropout: 0.25 };
    const { job, sizes } = await fitJob(jobOf({ model }), sample, undefined);
    expect(sizes).to.deep.equal([{ field: "inputs", from: 30, to: 4 }]); // more classes than there are do no harm
    expect(job["model"]).to.deep.equal({ ...model, inputs: 4 });
  });

  it("finds out the whole contract where there is none, by the label that is named", async () => {
    const file = jobOf({ data: { description: "nothing" } });
    const { job, proposed, sizes } = await fitJob(file, sample, { label: "colour", ignore: ["sort"] });
    const { contract } = job["data"] as { contract: { label: object; ignore: string[] } };
    expect(proposed).to.equal(true);
    expect(contract.label).to.deep.include({ column: "colour", classes: ["blue", "green", "red"] });
    expect(contract.ignore).to.deep.equal(["sort"]);
    expect(sizes.map(({ field, to }) => [field, to])).to.deep.equal([
      ["inputs", 1],
      ["classes", 3],
    ]);
  });

  it("makes a federated fit one that is over", async () => {
    const bounded = {
      ...outline,
      columns: [
        { name: "height", type: "number", min: 100, max: 250 },
        { name: "colour", type: "category", categories: ["blue", "green", "red"] },
      ],
      label: { ...outline.label, classes: ["cat", "dog"] },
    };
    const { job } = await fitJob(jobOf({ data: { contract: bounded, fit: "federated" } }), sample, undefined);
    expect(job["data"]).to.include({ fit: "sample" });
  });

  it("takes the digits for images that are as they are drawn", async () => {
    const { job } = await fitJob(
      jobOf({ model: JOB_EXAMPLES.digits.model, data: { contract: { kind: "images" } } }),
      "digits",
      undefined,
    );
    const { contract } = job["data"] as { contract: object };
    expect(contract).to.deep.include({ height: 28, width: 28, channels: 1 });
    expect(await refusal(jobOf({}), "digits")).to.match(/digits are images.*table/);
  });

  it("is refused where label and contract are both given, or model and data are of different kinds", async () => {
    expect(await refusal(jobOf({}), sample, { label: "colour" })).to.match(/has a data.contract/);
    expect(await refusal(jobOf({ model: { kind: "linear-regression", inputs: 4 } }))).to.match(/class/);
    const factorisation = { kind: "matrix-factorisation", users: 9, items: 9, rank: 2 };
    expect(await refusal(jobOf({ model: factorisation }))).to.match(/does not fit the data/);
    expect(await refusal(jobOf({ task: { metrics: ["rmse"] } }))).to.match(/task: metric "rmse" is for real/);
  });

  it("is refused where the sample breaks the outline, or the job file is none", async () => {
    const ragged = `csv:${folder.write("ragged.csv", `${SAMPLE}\ntall,red,cat`)}`;
    expect(await refusal(jobOf({}), ragged)).to.match(/ragged\.csv: row 5, column height/);
    expect(await refusal(jobOf({ rounds: 0 }))).to.match(/job\.json: .*rounds/);
    expect(await rejectionOf(fitJob("none.json", sample, undefined))).to.equal("not-found");
    expect(await rejectionOf(fitJob(jobOf({}), "csv:none.csv", undefined))).to.equal("not-found");
  });
});

describe("a job file that is to be opened", () => {
  const folder = temporaryFolder();
  const contract = {
    ...outline,
    columns: [{ name: "height", type: "number", mean: 163, stddev: 12 }],
    label: { column: "sort", type: "class", classes: ["cat", "dog"] },
  };
  const open = (changes: object): string => {
    const { data: _, ...rest } = JOB_EXAMPLES.digits;
    const model = { kind: "softmax-regression", inputs: 1, classes: 2 };
    const file = folder.write("job.json", JSON.stringify({ ...rest, model, data: { contract }, ...changes }));
    try {
      openJobFile(file);
      return "opened";
    } catch (error) {
      expect(error).to.be.instanceOf(PacelineError).with.property("code", "bad-input");
      return (error as Error).message;
    }
  };

  it("is refused while its contract is an outline, with a hint at the command that completes it", () => {
    expect(open({})).to.equal("opened");
    expect(open({ data: { contract: outline } })).to.match(/lacks columns.height.mean.*paceline job fit/);
  });

  it("is refused where a size of the model is not that of the data", () => {
    expect(open({ model: { kind: "softmax-regression", inputs: 2, classes: 2 } })).to.match(
      /model\.inputs is 2.*need 1/,
    );
    const ratings = { ...JOB_EXAMPLES.ratings.data.contract, users: { count: 600 }, items: { count: 9001 }, mean: 3.5 };
    const { model } = JOB_EXAMPLES.ratings;
    expect(open({ model, data: { contract: ratings } })).to.match(/model\.items is 9000.*need 9001/);
    expect(open({ model, data: { contract: { ...ratings, items: { count: 8999 } } } })).to.equal("opened");
  });

  it("is refused where the model does not have a metric, or not the classes that are weighted", () => {
    expect(open({ task: { metrics: ["auc", "accuracy"], classWeights: [1, 2.5] } })).to.equal("opened");
    expect(open({ task: { metrics: ["rmse"] } })).to.match(/task: metric "rmse"/);
    expect(open({ task: { classWeights: [1, 2, 3] } })).to.match(/classWeights are 3.*2 classes/);
    expect(
      open({
        model: { kind: "linear-regression", inputs: 1 },
        data: { contract: { ...contract, label: { column: "sort", type: "number" } } },
        task: { classWeights: [1, 2] },
      }),
    ).to.match(/no classes/);
  });
});
