import type { Command } from "commander";
import { define as describe } from "./model/describe.ts";
import { define as exports } from "./model/export.ts";

export function define(command: Command): void {
  command.helpCommand(false);
  describe(command.command("describe").description("print what a job file says of a model in a file"));
  exports(command.command("export").description("write a job's trained model for other programs"));
}
