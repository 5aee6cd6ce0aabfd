import { Option, type Command } from "commander";
import { replaceFile } from "../../../daemon/home/files.ts";
import { fitJob, type FittedJob } from "../../../daemon/job/jobFit.ts";
import { parseColumn, type TableOptions } from "../../../data/table/infer.ts";
import { acts } from "../../command.ts";
import { aList } from "../../options.ts";
import type { Outcome } from "../../output.ts";

interface FitOptions {
  readonly file: string;
  readonly data: string;
  readonly label?: string;
  readonly target?: "class" | "number";
  readonly ignore?: readonly string[];
  readonly out?: string;
}

export function define(command: Command): void {
  command
    .requiredOption(
      "--file <file>",
      "the job file; its data.contract may be an outline, or for tables and images missing",
    )
    .requiredOption("--data <source>", "a sample: digits, or a format and a path, such as csv:FILE")
    .option(
      "--label <column>",
      "without a data.contract: the label column, by name or by number from 1 (default: the last)",
    )
    .addOption(
      new Option("--target <what>", "without a data.contract: whether the label names a class, or is a number").choices(
        ["class", "number"],
      ),
    )
    .addOption(
      new Option("--ignore <columns>", "without a data.contract: columns to leave out, separated by commas").argParser(
        aList,
      ),
    )
    .option("--out <file>", "file to write the job to; may be the job file itself (default: prints it)");
  acts<FitOptions>(command, "paceline job fit --file outline.json --data csv:sample.csv --out job.json", fit);
}

async function fit({ file, data, out, ...table }: FitOptions): Promise<Outcome> {
  const fitted = await fitJob(file, data, tableOptions(table));
  const text = JSON.stringify(fitted.job, undefined, 2);
  const told = summary(fitted, data);
  if (out !== undefined) {
    replaceFile(out, `${text}\n`, 0o644);
    const { proposed, filled, sizes } = fitted;
    return { data: { file: out, proposed, filled, sizes }, text: [...told, `Written to ${out}.`].join("\n") };
  }
  for (const line of told) process.stderr.write(`${line}\n`); // stdout is the job, to be sent to a file
  return { data: fitted.job, text };
}

function tableOptions({
  label,
  target,
  ignore,
}: Pick<FitOptions, "label" | "target" | "ignore">): TableOptions | undefined {
  if (label === undefined && target === undefined && ignore === undefined) return undefined;
  return {
    ...(label === undefined ? {} : { label: parseColumn(label) }),
    ...(target === undefined ? {} : { labelType: target }),
    ...(ignore === undefined ? {} : { ignore: ignore.map(parseColumn) }),
  };
}

const MOST_FIELDS = 12;

function summary({ proposed, filled, sizes }: FittedJob, source: string): string[] {
  const shown = filled.slice(0, MOST_FIELDS).join(", ");
  const more = filled.length > MOST_FIELDS ? ` and ${filled.length - MOST_FIELDS} more` : "";
  return [
    ...(proposed ? [`data.contract: found out from ${source}; read it before you open the job`] : []),
    ...(filled.length === 0 ? [] : [`data.contract: filled in from ${source}: ${shown}${more}`]),
    ...(proposed || filled.length > 0 ? [] : ["data.contract: was complete"]),
    ...sizes.map(
      ({ field, from, to }) => `model.${field}: ${JSON.stringify(from)} became ${JSON.stringify(to)}, as the data need`,
    ),
  ];
}
