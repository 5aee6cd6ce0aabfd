import { join } from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import { messageOf } from "../../node/core/errors.ts";
import { openParticipantStorage } from "../../node/daemon/adapters.ts";
import { saveModel } from "../../node/daemon/model/keptModels.ts";
import { createHome, type Home, jobFolder, openHome } from "../../node/daemon/home/home.ts";
import type { ModelSpec } from "../../node/daemon/job/jobModel.ts";
import { describeModelFile } from "../../node/daemon/job/modelFiles.ts";
import { predictSource } from "../../node/daemon/learning/prediction.ts";
import { openTrainedModel } from "../../node/daemon/learning/trainedModel.ts";
import type { DataContractInput } from "../../node/data/contract.ts";
import { temporaryFolder } from "../data/temporaryFolder.ts";
import { rejectionOf } from "../helpers/errors.ts";
import { torchPerceptron } from "../training/formats/exporters.ts";
import { writeOnnx } from "../training/formats/onnxWriter.ts";
import { DEPLOYMENT, JOB, MODEL_ID, OPERATOR, PARAMS, SICK, SOFTMAX, trainedHome } from "./trainedHome.ts";

const number = (name: string): { name: string; type: "number" } => ({ name, type: "number" });
/** Its first column in standard deviations of 10 around 50. */
const WEIGHT: DataContractInput = {
  kind: "table",
  columns: [{ ...number("age"), mean: 50, stddev: 10 }],
  label: { column: "weight", type: "number", scale: "standardise", mean: 70, stddev: 5 },
};
describe("a home's trained model", () => {
  const folder = temporaryFolder();
  const homeWith = (model: ModelSpec, contract: DataContractInput, params?: readonly number[]): Promise<Home> =>
    trainedHome(folder, model, contract, params);

  it("is the newest checkpoint, and says which round of which job it is", async () => {
    const trained = await openTrainedModel(await homeWith(SOFTMAX, SICK, PARAMS));
    expect([...trained.params]).to.deep.equal(PARAMS);
    expect(trained.provenance).to.deep.equal({ round: 7, job: `eip155:31337:${JOB}`, modelId: MODEL_ID });
  });

  it("predicts the classes of a file without labels, in the contract's words", async () => {
    const trained = await openTrainedModel(await homeWith(SOFTMAX, SICK, PARAMS));
    const source = `csv:${folder.write("new.csv", "dose,age\n1,0.5\n4,1\n-2,-1\n")}`;
    const { classes, rows, evaluation } = await predictSource(trained, source, false);
    expect(classes).to.deep.equal(["no", "yes, very"]);
    expect(rows.map(({ values }) => values)).to.deep.equal([["yes, very"], ["no"], ["yes, very"]]);
    // the logits of yes are 1, −1 and 1
    const yes = 1 / (1 + Math.exp(-1));
    rows.forEach(({ probabilities }, i) => {
      expect(probabilities[1]).to.be.closeTo(i === 1 ? 1 - yes : yes, 1e-6);
      expect(probabilities[0]! + probabilities[1]!).to.be.closeTo(1, 1e-9);
    });
    expect(evaluation).to.equal(undefined);
  });

  it("does not mind labels that are there, and holds its predictions against them where it is told to", async () => {
    const trained = await openTrainedModel(await homeWith(SOFTMAX, SICK, PARAMS));
    const text = 'age,dose,ill\n0.5,1,"yes, very"\n1,4,"yes, very"\n-1,-2,no\n1,9,no\n';
    const source = `csv:${folder.write("known.csv", text)}`;
    const [bare, labelled] = [await predictSource(trained, source, false), await predictSource(trained, source, true)];
    expect(bare.rows).to.deep.equal(labelled.rows);
    expect(labelled.evaluation?.count).to.equal(4);
    expect(labelled.evaluation?.metrics.accuracy).to.equal(0.5);
  });

  it("tells numbers in the unit of the file", async () => {
    const home = await homeWith({ kind: "linear-regression", inputs: 1 }, WEIGHT, [0.5, 0.25]);
    const source = `csv:${folder.write("ages.csv", "age\n70\n50\n")}`;
    const { rows } = await predictSource(await openTrainedModel(home), source, false);
    // (70 − 50) / 10 = 2; 0.5 · 2 + 0.25 = 1.25 standard deviations of 5 above 70
    expect(rows.map(({ values }) => values)).to.deep.equal([[76.25], [71.25]]);
  });

  it("names file, row and column of what breaks the contract", async () => {
    const trained = await openTrainedModel(await homeWith(SOFTMAX, SICK, PARAMS));
    const failing = async (text: string): Promise<string> => {
      const source = `csv:${folder.write("broken.csv", text)}`;
      return predictSource(trained, source, false).then(() => "none", messageOf);
    };
    expect(await failing("age,dose\n1,2\n3,many\n")).to.match(/broken\.csv.*3.*dose.*many/);
    expect(await failing("age\n1\n")).to.match(/no column "dose"/);
    expect(await failing("age,dose\n")).to.match(/no rows/);
  });

  it("may come from a file beside the job file", async () => {
    const file = folder.write("net.onnx", writeOnnx(torchPerceptron()));
    const spec = describeModelFile({ kind: "onnx", file: "net.onnx" }, file);
    const columns = ["a", "b", "c", "d", "e"].map(number);
    const label = { column: "f", type: "class" as const, classes: ["x", "y", "z"] };
    const contract: DataContractInput = { kind: "table", columns, label, scale: "none" };
    const params = Array.from({ length: spec.parameters }, () => 0);
    // the last three are the biases of the classes
    params.splice(-3, 3, 1, 3, 2);
    const home = await homeWith(spec, contract, params);
    const trained = await openTrainedModel(home);
    expect(trained.origin).to.deep.include({ inputs: ["x"], output: "y" });
    const source = `csv:${folder.write("five.csv", "a,b,c,d,e\n1,2,3,4,5\n")}`;
    const { rows } = await predictSource(trained, source, false);
    expect(rows[0]?.values).to.deep.equal(["y"]);

    const tampered = writeOnnx(torchPerceptron());
    tampered[300]! ^= 1;
    folder.write("net.onnx", tampered);
    expect(await openTrainedModel(home).then(() => "none", messageOf)).to.match(
      /net.onnx is not the model file of this job/,
    );
  });

  it("is not there before a round, without a job, or with another job's file", async () => {
    expect(await rejectionOf(openTrainedModel(await homeWith(SOFTMAX, SICK)))).to.equal("not-found");
    const path = join(folder.path, "empty");
    createHome(path, OPERATOR);
    expect(await rejectionOf(openTrainedModel(openHome(path)))).to.equal("not-found");
    const other = await homeWith(SOFTMAX, SICK, [...PARAMS, 1]);
    expect(await openTrainedModel(other).then(() => "none", messageOf)).to.match(/has 6 parameters, the home's 7/);
  });

  it("is read while the daemon is at work, and is its newest one", async () => {
    const home = await homeWith(SOFTMAX, SICK, PARAMS);
    const running = await openParticipantStorage(jobFolder(home.folder, DEPLOYMENT.chainId, JOB), "share");
    const params = Float32Array.from(PARAMS, (value) => 3 * value);
    await saveModel(running, { modelId: MODEL_ID, updates: 8, exponent: 9, params });
    const trained = await openTrainedModel(home);
    expect(trained.params).to.deep.equal(params);
    expect(trained.provenance.round).to.equal(8);
    running.put("still", "writes", 1);
    running.close();
  });
});
