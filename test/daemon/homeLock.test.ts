import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { afterEach, describe, it } from "mocha";
import { messageOf } from "../../node/core/errors.ts";
import { lockHome, runningDaemon } from "../../node/daemon/home/homeLock.ts";
import { temporaryFolder } from "../data/temporaryFolder.ts";
import { rejectionOf } from "../helpers/errors.ts";

const LOCK = fileURLToPath(new URL("../../node/daemon/home/homeLock.ts", import.meta.url));

describe("the lock of a home", function () {
  this.timeout(20_000);
  const folder = temporaryFolder();
  let count = 0;
  let child: ChildProcess | undefined;
  const newHome = (): string => join(folder.path, `home${count++}`);
  afterEach(() => child?.kill("SIGKILL"));

  /** Another process that has the home. */
  async function lockElsewhere(home: string): Promise<ChildProcess> {
    const script = `const { lockHome } = await import(${JSON.stringify(LOCK)});
      const lock = await lockHome(${JSON.stringify(home)});
      lock.storage.put("k", "written", 7);
      lock.announce("http://127.0.0.1:4242");
      console.log("locked");
      setInterval(() => lock, 1000);`;
    child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "ignore"] });
    await once(child.stdout!, "data");
    return child;
  }

  it("is refused while another process has it, naming that one", async () => {
    const home = newHome();
    const { pid } = await lockElsewhere(home);
    expect(await rejectionOf(lockHome(home))).to.equal("storage-failed");
    expect(await lockHome(home).then(() => "none", messageOf)).to.match(
      new RegExp(`the daemon with pid ${pid}, since 20.* runs on the home .*stop that one first`),
    );
    expect(runningDaemon(home)).to.include({ pid, api: "http://127.0.0.1:4242" });
  });

  it("is free as soon as that process is killed, with all that it wrote", async () => {
    const home = newHome();
    const other = await lockElsewhere(home);
    other.kill("SIGKILL");
    await once(other, "exit");
    expect(existsSync(join(home, "daemon.json"))).to.equal(true);
    expect(runningDaemon(home)).to.equal(undefined);
    const lock = await lockHome(home);
    expect(lock.storage.get("k", "written")).to.equal(7);
    expect(runningDaemon(home)).to.include({ pid: process.pid, api: null });
    lock.release();
    expect(existsSync(join(home, "daemon.json"))).to.equal(false);
    expect(runningDaemon(home)).to.equal(undefined);
  });

  it("does not believe a note whose process id lives on as another process", async () => {
    const home = newHome();
    mkdirSync(home);
    const note = { pid: process.ppid, startedAt: "2020-01-01T00:00:00.000Z", api: "http://127.0.0.1:1" };
    writeFileSync(join(home, "daemon.json"), JSON.stringify(note));
    expect(runningDaemon(home)).to.equal(undefined);
    (await lockHome(home)).release();
  });
});
