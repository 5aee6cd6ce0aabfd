import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import { decodeModel } from "../../node/training/formats/onnx/decode.ts";
import { readSafetensors } from "../../node/training/formats/safetensors.ts";
import { JOB, MODEL_ID, PARAMS, SICK, SOFTMAX, trainedHome } from "../daemon/trainedHome.ts";
import { temporaryFolder } from "../data/temporaryFolder.ts";
import { torchPerceptron } from "../training/formats/exporters.ts";
import { writeOnnx } from "../training/formats/onnxWriter.ts";
import { floatTensor, runOnnx } from "../training/formats/runModel.ts";
import { opened, predictions } from "../training/formats/tfjsModels.ts";
import { execute } from "../../node/cli/execute.ts";

interface Run {
  readonly stdout: string;
  readonly stderr: string;
  readonly failure: string | undefined;
}

/** In this process, which is seconds faster than one of its own. */
async function run(args: readonly string[]): Promise<Run> {
  const told = { stdout: "", stderr: "" };
  const streams = ["stdout", "stderr"] as const;
  const writers = streams.map((name) => process[name].write.bind(process[name]));
  for (const name of streams)
    process[name].write = ((text: string, done?: () => void) => {
      told[name] += text;
      done?.();
      return true;
    }) as typeof process.stdout.write;
  try {
    const failure = await execute(args);
    return { ...told, failure: failure?.message };
  } finally {
    streams.forEach((name, i) => (process[name].write = writers[i]!));
  }
}

describe("a trained model on the command line", function () {
  this.timeout(20_000); // the first command loads all that it uses
  const folder = temporaryFolder();
  const at = (name: string): string => join(folder.path, name);
  const home = async (): Promise<string> => (await trainedHome(folder, SOFTMAX, SICK, PARAMS)).folder;

  it("is written as an ONNX file that plain ONNX Runtime runs", async () => {
    const out = at("out/net.onnx");
    const { stdout } = await run(["model", "export", "--home", await home(), "--out", out, "--json"]);
    expect(JSON.parse(stdout)).to.deep.equal({
      files: [out],
      format: "onnx",
      parameters: 6,
      round: 7,
      job: `eip155:31337:${JOB}`,
      modelId: MODEL_ID,
    });
    const file = new Uint8Array(readFileSync(out));
    // 2 · 3 − 1 + 1
    expect([...(await runOnnx(file, { features: floatTensor([3, 1], [1, 2]) }))]).to.deep.equal([0, 6]);
    expect(decodeModel(file).metadata).to.deep.equal({
      producer: "paceline",
      round: "7",
      job: `eip155:31337:${JOB}`,
      modelId: MODEL_ID,
    });
  });

  it("is written as a model.json that plain TensorFlow.js loads", async () => {
    const { stdout } = await run(["model", "export", "--home", await home(), "--format", "tfjs", "--out", at("net")]);
    expect(stdout).to.match(/written +\S+net\/model\.json, \S+net\/weights\.bin/);
    const [json, weights] = ["model.json", "weights.bin"].map((name) => readFileSync(at(`net/${name}`)));
    const tf = await import("@tensorflow/tfjs");
    await tf.setBackend("cpu");
    expect([...predictions(await opened(json!, weights!), [tf.tensor2d([[3, 1]])])]).to.deep.equal([0, 6]);
  });

  it("is written as safetensors", async () => {
    const out = at("net.safetensors");
    await run(["model", "export", "--home", await home(), "--format", "safetensors", "--out", out]);
    const { tensors } = readSafetensors(readFileSync(out));
    expect(tensors.flatMap(({ values }) => [...values])).to.deep.equal(PARAMS);
  });

  it("predicts a file: a row an example, with the chance of each class", async () => {
    const source = `csv:${folder.write("new.csv", "age,dose\n0.5,1\n1,4\n")}`;
    const { stdout, stderr, failure } = await run(["predict", source, "--home", await home()]);
    expect([failure, stderr]).to.deep.equal([undefined, ""]);
    // the logits of yes are 1 and −1: σ(1) = 0.731059
    expect(stdout).to.equal(
      'example,prediction,no,"yes, very"\n1,"yes, very",0.268941,0.731059\n2,no,0.731059,0.268941\n',
    );
  });

  it("says how well it predicts a file with labels, apart from the predictions", async () => {
    const text = 'age,dose,ill\n0.5,1,"yes, very"\n1,4,"yes, very"\n-1,-2,no\n1,9,no\n';
    const args = ["predict", `csv:${folder.write("known.csv", text)}`, "--home", await home(), "--labelled"];
    const { stdout, stderr } = await run(args);
    expect(stderr).to.match(/^4 labels: accuracy 50\.0 %/);
    expect(stdout.split("\n")).to.have.length(6);
    const written = await run([...args, "--out", at("predictions.csv")]);
    expect(written.stdout).to.match(/^4 predictions written to \S+predictions\.csv\n4 labels: accuracy 50\.0 %/);
    expect(readFileSync(at("predictions.csv"), "utf8")).to.equal(stdout);
  });

  it("of a file is described for a job", async () => {
    const file = folder.write("net.onnx", writeOnnx(torchPerceptron()));
    const { stdout } = await run(["model", "describe", "--file", file, "--frozen", "fc1.weight,fc1.bias"]);
    expect(JSON.parse(stdout)).to.deep.include({ kind: "onnx", file: "net.onnx", parameters: 24 });
  });

  it("is told apart from what is none: in one line", async () => {
    const described = await run(["model", "describe", "--file", folder.write("text.onnx", "not a model")]);
    expect(described.failure).to.match(/text\.onnx: the ONNX file is damaged or cut short/);
    expect(described.failure).to.not.include("\n");
    const untrained = (await trainedHome(folder, SOFTMAX, SICK)).folder;
    const exported = await run(["model", "export", "--home", untrained, "--out", at("none.onnx")]);
    expect(exported.failure).to.match(/has no model of job 0xb2.* yet/);
    expect(existsSync(at("none.onnx"))).to.equal(false);
  });
});
