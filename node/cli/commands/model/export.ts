import { join } from "node:path";
import { Option, type Command } from "commander";
import { replaceBytes } from "../../../daemon/home/binaryFiles.ts";
import { openHome } from "../../../daemon/home/home.ts";
import { openTrainedModel, type TrainedModel } from "../../../daemon/learning/trainedModel.ts";
import { exportOnnx } from "../../../training/formats/exportOnnx.ts";
import { exportSafetensors } from "../../../training/formats/exportSafetensors.ts";
import { exportTfjs } from "../../../training/formats/exportTfjs.ts";
import { acts } from "../../command.ts";
import { DEFAULT_HOME } from "../../options.ts";
import { table, type Outcome } from "../../output.ts";

const FORMATS = ["onnx", "tfjs", "safetensors"] as const;
type Format = (typeof FORMATS)[number];

interface ExportOptions {
  readonly home: string;
  readonly jobFile?: string;
  readonly format: Format;
  readonly out?: string;
}

export function define(command: Command): void {
  command
    .addOption(new Option("--home <dir>", "the participant's home folder").default(DEFAULT_HOME))
    .option("--job-file <file>", "the job file (default: the home's)")
    .addOption(new Option("--format <format>", "what to write").choices(FORMATS).default("onnx"))
    .option(
      "--out <path>",
      "where to write it: a file, for tfjs a folder (default: model.onnx, model, model.safetensors)",
    );
  acts<ExportOptions>(command, "paceline model export --home clinic --format onnx --out model.onnx", exportModel);
}

const DEFAULT_OUT: Readonly<Record<Format, string>> = {
  onnx: "model.onnx",
  tfjs: "model",
  safetensors: "model.safetensors",
};

async function exportModel({ home, jobFile, format, out = DEFAULT_OUT[format] }: ExportOptions): Promise<Outcome> {
  const trained = await openTrainedModel(openHome(home), jobFile);
  const files = filesOf(trained, format, out);
  for (const { path, bytes } of files) replaceBytes(path, bytes);
  const { provenance, params } = trained;
  const paths = files.map(({ path }) => path);
  const text = table([
    ["written", paths.join(", ")],
    ["parameters", String(params.length)],
    ["round", String(provenance.round)],
    ["job", provenance.job],
    ["model", provenance.modelId],
  ]);
  return { data: { files: paths, format, parameters: params.length, ...provenance }, text };
}

interface WrittenFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

function filesOf(
  { model, params, provenance, origin }: TrainedModel,
  format: Format,
  out: string,
): readonly WrittenFile[] {
  switch (format) {
    case "onnx":
      return [{ path: out, bytes: exportOnnx(model, params, provenance, origin) }];
    case "safetensors":
      return [{ path: out, bytes: exportSafetensors(model, params, provenance) }];
    case "tfjs":
      return exportTfjs(model, params, provenance, origin).map(({ name, bytes }) => ({ path: join(out, name), bytes }));
  }
}
