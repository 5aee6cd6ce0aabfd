import type { Command } from "commander";
import { define as create } from "./job/create.ts";
import { define as example } from "./job/example.ts";
import { define as fit } from "./job/fit.ts";
import { define as forget } from "./job/forget.ts";
import { define as join } from "./job/join.ts";
import { define as leave } from "./job/leave.ts";
import { define as show } from "./job/show.ts";
import { define as stake } from "./job/stake.ts";

export function define(command: Command): void {
  command.helpCommand(false);
  example(command.command("example").description("print a valid job file to start from"));
  fit(command.command("fit").description("complete a job file's data contract from a sample of the data"));
  create(command.command("create").description("open a job on the chain and escrow its pool"));
  join(command.command("join").description("lock the stake and join a job"));
  stake(command.command("stake").description("lock more stake, after a slash or for draws by stake"));
  leave(command.command("leave").description("leave a job; the stake unbonds and can be withdrawn later"));
  forget(command.command("forget").description("no longer follow a job that has ended, or that never was"));
  show(command.command("show").description("show a job's terms, members and rounds"));
}
