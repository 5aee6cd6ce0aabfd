import { writeFileSync } from "node:fs";
import Mocha from "mocha";

/**
 * Mocha's `spec` reporter, which at the end also writes `{ passed, failed, pending }` to the file that the environment
 * variable PACELINE_TEST_COUNTS names. A suite that crashes writes nothing, and so cannot be mistaken for one that passed.
 */
export default class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    const file = process.env["PACELINE_TEST_COUNTS"];
    if (file === undefined) return;
    runner.once(Mocha.Runner.constants.EVENT_RUN_END, () => {
      const { passes: passed, failures: failed, pending } = this.stats;
      writeFileSync(file, JSON.stringify({ passed, failed, pending }));
    });
  }
}
