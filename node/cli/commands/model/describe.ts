import { basename } from "node:path";
import { Option, type Command } from "commander";
import { describeModelFile } from "../../../daemon/modelFiles.ts";
import type { FileModelChoice } from "../../../training/formats/fileModelSpec.ts";
import { acts } from "../../command.ts";
import { aList } from "../../options.ts";
import type { Outcome } from "../../output.ts";

interface DescribeOptions {
  readonly file: string;
  readonly loss?: NonNullable<FileModelChoice["loss"]>;
  readonly output?: string;
  readonly frozen?: readonly string[];
}

const LOSSES: readonly NonNullable<FileModelChoice["loss"]>[] = [
  "softmax-cross-entropy",
  "binary-cross-entropy",
  "mean-squared-error",
];

export function define(command: Command): void {
  command
    .requiredOption("--file <file>", "an .onnx file, or a model.json of TensorFlow.js with its weights beside it")
    .addOption(
      new Option("--loss <loss>", "what is trained for (default: what the final activation fits)").choices(LOSSES),
    )
    .option("--output <name>", "the output that is trained, where an .onnx file has several")
    .addOption(
      new Option(
        "--frozen <names>",
        "initialisers of an .onnx file that stay as they are, separated by commas",
      ).argParser(aList),
    );
  acts<DescribeOptions>(command, "paceline model describe --file model.onnx", describe);
}

async function describe({ file, ...given }: DescribeOptions): Promise<Outcome> {
  const spec = describeModelFile(choiceOf(file, given), file);
  return { data: { ...spec }, text: JSON.stringify(spec, undefined, 2) };
}

/** Told apart by the name: model.json files are JSON. */
function choiceOf(file: string, { loss, output, frozen }: Omit<DescribeOptions, "file">): FileModelChoice {
  const common = { file: basename(file), ...(loss === undefined ? {} : { loss }) };
  if (file.toLowerCase().endsWith(".json")) return { kind: "keras", ...common };
  return {
    kind: "onnx",
    ...common,
    ...(output === undefined ? {} : { output }),
    ...(frozen === undefined ? {} : { frozen: [...frozen] }),
  };
}
