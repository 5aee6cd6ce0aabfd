import { expect } from "chai";
import { describe, it } from "mocha";
import { execFile, execFileSync } from "node:child_process";
import { promisify } from "node:util";

const SETUP = "ip link set lo up && ip addr add 44.1.1.1/32 dev lo && ip addr add 44.1.1.3/32 dev lo";

function allowsNamespaces(): boolean {
  try {
    execFileSync("unshare", ["-rn", "sh", "-c", SETUP], { stdio: "ignore", timeout: 5_000 });
    return true;
  } catch {
    return false;
  }
}

describe("a connection through a relay", function () {
  this.timeout(40_000);

  if (!allowsNamespaces()) {
    it.skip("gives way to a direct one: this machine allows no network namespaces of one's own");
    return;
  }

  it("gives way to a direct one, over which messages go on when the relay is gone", async () => {
    const scene = new URL("scenes/holePunching.ts", import.meta.url).pathname;
    const command = `${SETUP} && exec '${process.execPath}' --no-warnings '${scene}'`;
    const { stdout } = await promisify(execFile)("unshare", ["-rn", "sh", "-c", command], { timeout: 35_000 });
    const { direct, heard } = JSON.parse(stdout) as { direct: string[]; heard: string[][] };
    expect(direct[0]).to.match(/^\/ip4\/44\.1\.1\.3\/tcp\/4001\/p2p\/[^/]+$/);
    expect(heard).to.deep.equal([["there"], ["back"]]);
  });
});
