import { basename } from "node:path";
import { InvalidArgumentError, Option, type Command } from "commander";
import { describeModelFile } from "../../../daemon/job/modelFiles.ts";
import type { FileModelChoice } from "../../../training/formats/fileModelSpec.ts";
import { acts } from "../../command.ts";
import { aList } from "../../options.ts";
import type { Outcome } from "../../output.ts";

interface DescribeOptions {
  readonly file: string;
  readonly loss?: NonNullable<FileModelChoice["loss"]>;
  readonly output?: string;
  readonly frozen?: string[];
  readonly inputShape?: Record<string, number[]>;
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
    )
    .addOption(
      new Option(
        "--input-shape <name=sizes>",
        "shape of one example, such as image=3x32x32, where the file leaves it open; once an input",
      ).argParser(aShape),
    );
  acts<DescribeOptions>(command, "paceline model describe --file model.onnx", describe);
}

async function describe({ file, ...given }: DescribeOptions): Promise<Outcome> {
  const spec = describeModelFile(choiceOf(file, given), file);
  return { data: { ...spec }, text: JSON.stringify(spec, undefined, 2) };
}

/** Adds to the shapes that were given before. */
function aShape(text: string, before: Record<string, number[]> = {}): Record<string, number[]> {
  const [, name = "", sizes = ""] = /^(.+)=(\d{1,5}(?:x\d{1,5})*)$/.exec(text) ?? [];
  if (name === "") throw new InvalidArgumentError("Give a shape such as tokens=80 or image=3x32x32.");
  return { ...before, [name]: sizes.split("x").map(Number) };
}

/** Told apart by the name: model.json files are JSON. */
function choiceOf(file: string, { loss, output, frozen, inputShape }: Omit<DescribeOptions, "file">): FileModelChoice {
  const common = {
    file: basename(file),
    ...(loss === undefined ? {} : { loss }),
    ...(inputShape === undefined ? {} : { inputShapes: inputShape }),
  };
  if (file.toLowerCase().endsWith(".json")) return { kind: "keras", ...common };
  return {
    kind: "onnx",
    ...common,
    ...(output === undefined ? {} : { output }),
    ...(frozen === undefined ? {} : { frozen }),
  };
}
