import { Option, type Command } from "commander";
import { evaluationText } from "../../daemon/job/evaluation.ts";
import { replaceBytes } from "../../daemon/home/binaryFiles.ts";
import { openHome } from "../../daemon/home/home.ts";
import { predictSource, type Predictions } from "../../daemon/learning/prediction.ts";
import { openTrainedModel } from "../../daemon/learning/trainedModel.ts";
import { acts } from "../command.ts";
import { DEFAULT_HOME } from "../options.ts";
import type { Outcome } from "../output.ts";

interface PredictOptions {
  readonly home: string;
  readonly jobFile?: string;
  readonly labelled?: boolean;
  readonly out?: string;
}

export function define(command: Command): void {
  command
    .argument("<source>", "the examples: a format and a path, as for `paceline start --data`, such as csv:FILE")
    .addOption(new Option("--home <dir>", "the participant's home folder").default(DEFAULT_HOME))
    .option("--job-file <file>", "the job file (default: the home's)")
    .option("--labelled", "the examples have labels: say how well the model predicts them")
    .option("--out <file>", "CSV file to write the predictions to (default: prints them)");
  acts<PredictOptions>(command, "paceline predict csv:new.csv --home clinic --out predictions.csv", (options) =>
    predict(command.processedArgs[0] as string, options),
  );
}

async function predict(source: string, { home, jobFile, labelled = false, out }: PredictOptions): Promise<Outcome> {
  const trained = await openTrainedModel(openHome(home), jobFile);
  const predictions = await predictSource(trained, source, labelled);
  const { classes, rows, evaluation } = predictions;
  const { round, modelId } = trained.provenance;
  const csv = csvOf(predictions);
  if (out !== undefined) replaceBytes(out, new TextEncoder().encode(`${csv}\n`));
  const told = evaluation === undefined ? [] : [`${evaluation.count} labels: ${evaluationText(evaluation)}`];
  // stdout is the predictions, to be sent to a file
  if (out === undefined) for (const line of told) process.stderr.write(`${line}\n`);
  const text = out === undefined ? csv : [`${rows.length} predictions written to ${out}`, ...told].join("\n");
  return { data: { round, modelId, classes, predictions: rows, evaluation }, text };
}

/** A row an example, in the order of the source; behind the prediction the probability of each class. */
function csvOf({ classes, rows }: Predictions): string {
  const withChances = rows.some(({ probabilities }) => probabilities.length > 0);
  const header = ["example", "prediction", ...(withChances ? classes : [])];
  const lines = rows.map(({ values, probabilities }, i) => [
    String(i + 1),
    values.map(String).join(" "),
    ...probabilities.map((probability) => probability.toFixed(6)),
  ]);
  return [header, ...lines].map((cells) => cells.map(cell).join(",")).join("\n");
}

/** RFC 4180. */
function cell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
