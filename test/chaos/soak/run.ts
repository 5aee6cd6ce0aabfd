// `npm run -s soak [-- --members N --rounds N --warm-up N --seed N --json FILE]`: many rounds with participants that come and go;
// says whether memory, handles and disk stay flat after the warm-up. Ends with 1 where one of them does not. With `--processes N`
// it is daemons as processes on a JSON-RPC chain, and fewer rounds unless told.
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { memorySoak } from "./memorySoak.ts";
import { processSoak } from "./processSoak.ts";
import type { Sample } from "./sample.ts";

const { values } = parseArgs({
  options: {
    members: { type: "string", default: "16" },
    processes: { type: "string" },
    rounds: { type: "string" },
    "warm-up": { type: "string" },
    seed: { type: "string", default: "1" },
    json: { type: "string" },
  },
});

const show = (sample: Sample): string =>
  Object.entries(sample)
    .map(([measure, value]) => `${measure} ${(value as number).toFixed(measure.endsWith("MB") ? 2 : 0)}`)
    .join("  ");

const { processes } = values;
const rounds = Number(values.rounds ?? (processes === undefined ? 500 : 100));
const report = await (processes === undefined ? memorySoak : processSoak)({
  members: Number(processes ?? values.members),
  rounds,
  warmUpRounds: Number(values["warm-up"] ?? 0.6 * rounds),
  seed: Number(values.seed),
  onSample: (sample) => console.error(show(sample)),
});
const text = JSON.stringify(report, null, 2);
if (values.json === undefined) console.log(text);
else writeFileSync(values.json, `${text}\n`);
for (const { measure, per100Rounds, error, bound, flat } of report.courses) {
  const verdict = flat ? "flat" : "GROWS";
  console.error(
    `${measure}: ${verdict}: ${per100Rounds.toFixed(2)} ± ${error.toFixed(2)} more in a hundred rounds, at most ${bound}`,
  );
}
process.exitCode = report.passed ? 0 : 1;
