import { Option, type Command } from "commander";
import { acts } from "../../command.ts";
import { JOB_EXAMPLES, type JobExample } from "../../jobExamples.ts";

export function define(command: Command): void {
  command.addOption(
    new Option("--kind <kind>", "what is learnt from; all but digits are to be fitted to a sample: paceline job fit")
      .choices(Object.keys(JOB_EXAMPLES))
      .default("digits"),
  );
  acts<{ readonly kind: JobExample }>(command, "paceline job example --kind table > job.json", async ({ kind }) => ({
    data: { ...JOB_EXAMPLES[kind] },
    text: JSON.stringify(JOB_EXAMPLES[kind], undefined, 2),
  }));
}
