import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import { JOB_EXAMPLES } from "../../node/cli/jobExamples.ts";
import { openJobFile } from "../../node/daemon/job/jobFile.ts";
import { temporaryFolder } from "../data/temporaryFolder.ts";
import { paceline, type Run } from "./paceline.ts";

describe("paceline job fit", function () {
  this.timeout(30_000);
  const folder = temporaryFolder();
  const run = (args: string): Promise<Run> => paceline(args.split(" "), { cwd: folder.path });
  folder.write("ratings.json", JSON.stringify(JOB_EXAMPLES.ratings));
  folder.write("bare.json", JSON.stringify({ ...JOB_EXAMPLES.table, task: {}, data: {} }));
  folder.write("sample.csv", "userId,movieId,rating,timestamp\n7,31,2.5,0\n7,1029,3.5,0\n15,31,4.5,0");

  it("prints the finished job, and what it filled in beside it", async () => {
    const { exit, stdout, stderr } = await run("job fit --file ratings.json --data csv:sample.csv");
    expect(exit).to.equal(0);
    const { data, ...rest } = JSON.parse(stdout) as typeof JOB_EXAMPLES.ratings;
    expect(rest.members).to.deep.equal(JOB_EXAMPLES.ratings.members);
    expect(data.contract).to.deep.include({ users: ["7", "15"], items: ["31", "1029"], mean: 3.5 });
    expect(stderr).to.equal("data.contract: filled in from csv:sample.csv: users, items, mean\n");
  });

  it("writes it to a file, which may be the one that it came from", async () => {
    const { exit, stdout, stderr } = await run(
      "job fit --file bare.json --data csv:sample.csv --label rating --ignore timestamp --out bare.json",
    );
    expect({ exit, stderr }).to.deep.equal({ exit: 0, stderr: "" });
    expect(stdout.split("\n")).to.deep.equal([
      "data.contract: found out from csv:sample.csv; read it before you open the job",
      "model.inputs: 5 became 2, as the data need",
      "model.classes: 2 became 3, as the data need",
      "Written to bare.json.",
      "",
    ]);
    const { contract } = openJobFile(join(folder.path, "bare.json")).spec.data;
    expect(contract.kind === "table" && contract.label).to.deep.include({ classes: ["2.5", "3.5", "4.5"] });
    expect(readFileSync(join(folder.path, "bare.json"), "utf8")).to.match(/^\{\n {2}"name": "table",/);
  });
});
