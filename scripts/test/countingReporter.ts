import { writeFileSync } from "node:fs";
import Mocha from "mocha";

/** Of a failure's message, as much as says what it is about. */
const MESSAGE_LENGTH = 1000;

/**
 * Mocha's `spec` reporter, which at the end also writes `{ passed, failed, pending, failures }` to the file that the
 * environment variable PACELINE_TEST_COUNTS names, each failure as a text. A suite that crashes writes nothing, and so
 * cannot be mistaken for one that passed.
 */
export default class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    const file = process.env["PACELINE_TEST_COUNTS"];
    if (file === undefined) return;
    const failures: string[] = [];
    runner.on(Mocha.Runner.constants.EVENT_TEST_FAIL, (test, error: Error) => {
      failures.push(`${test.fullTitle()}\n${error.message.slice(0, MESSAGE_LENGTH)}`);
    });
    runner.once(Mocha.Runner.constants.EVENT_RUN_END, () => {
      const { passes: passed, failures: failed, pending } = this.stats;
      writeFileSync(file, JSON.stringify({ passed, failed, pending, failures }));
    });
  }
}
