import { expect } from "chai";
import type { Command } from "commander";
import { describe, it } from "mocha";
import { createProgram } from "../../node/cli/program.ts";

const SECRET = /pass(word|phrase)|key|secret|token|mnemonic|seed phrase|private/i;

/** Every command with its groups' commands below it. */
function all(command: Command): Command[] {
  return [command, ...command.commands.flatMap((each) => all(each))];
}

describe("secrets on the command line", () => {
  it("cannot be given: what concerns one takes a file, or no value at all", async () => {
    const commands = all(await createProgram(() => true));
    expect(commands.map((command) => command.name())).to.include.members(["start", "init", "rotate", "stop"]);
    const options = commands.flatMap((command) =>
      command.options.map(({ long, flags, description }) => ({
        command: command.name(),
        long: long ?? "",
        flags,
        description,
      })),
    );
    const wrong = options
      .filter(({ long, description }) => SECRET.test(long) || /password|private key/i.test(description))
      .filter(({ flags }) => /[<[]/.test(flags) && !/<(file|address)>$/.test(flags));
    expect(wrong).to.deep.equal([]);
    const passwords = options.filter(({ long }) => /password/.test(long));
    expect(passwords.length).to.be.at.least(5);
    for (const { long } of passwords) expect(long).to.match(/-file$/);
  });

  it("are no arguments either", async () => {
    const named = all(await createProgram(() => true)).flatMap((command) =>
      command.registeredArguments.map((argument) => `${command.name()} ${argument.name()}`),
    );
    for (const name of named) expect(name).to.not.match(SECRET);
  });
});
