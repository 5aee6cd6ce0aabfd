import { spawn, type ChildProcess } from "node:child_process";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { PacelineError } from "../../core/errors.ts";

/** A local JSON-RPC chain in a process of its own: Hardhat's node, whose accounts are funded and known to everybody. */
export interface ChainProcess {
  readonly httpUrl: string;
  readonly socketUrl: string;
  stop(): Promise<void>;
}

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const HARDHAT = fileURLToPath(new URL("../../../node_modules/hardhat/dist/src/cli.js", import.meta.url));
const START_TIMEOUT_MS = 120_000;

/** Private key of the node's first account (Hardhat's documentation); worth nothing on any other chain. */
export const FIRST_ACCOUNT_KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

/** Starts a chain and waits until it answers. Throws `chain-unreachable` with the node's last words when it does not. */
export async function startChain(): Promise<ChainProcess> {
  const port = await freePort();
  const args = [HARDHAT, "node", "--network", "node", "--hostname", "127.0.0.1", "--port", String(port)];
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
  await untilListening(child);
  return {
    httpUrl: `http://127.0.0.1:${port}`,
    socketUrl: `ws://127.0.0.1:${port}`,
    stop: () => stopChild(child),
  };
}

/** A chain that runs already, and goes on afterwards. @param url of any local one with Hardhat's usual accounts, as anvil has */
export function givenChain(url: string): ChainProcess {
  return { httpUrl: url.replace(/^ws/, "http"), socketUrl: url, stop: () => Promise.resolve() };
}

function untilListening(child: ChildProcess): Promise<void> {
  let tail = "";
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => {
      child.kill("SIGKILL");
      reject(
        new PacelineError("chain-unreachable", `the local chain did not start: ${why} ${tail.trim().slice(-500)}`),
      );
    };
    const timeout = setTimeout(() => fail(`no answer after ${START_TIMEOUT_MS / 1000} s.`), START_TIMEOUT_MS);
    const read = (chunk: Buffer): void => {
      tail = (tail + chunk.toString()).slice(-4000);
      if (!/Started HTTP and WebSocket JSON-RPC server/.test(tail)) return;
      clearTimeout(timeout);
      child.off("exit", onExit);
      // Its log of every call must be read on, or the pipe fills and the node stops.
      child.stdout?.removeAllListeners("data").resume();
      child.stderr?.removeAllListeners("data").resume();
      resolve();
    };
    const onExit = (code: number | null): void => {
      clearTimeout(timeout);
      fail(`it ended with code ${code}.`);
    };
    child.stdout?.on("data", read);
    child.stderr?.on("data", read);
    child.once("exit", onExit);
  });
}

/** Ends a child, by force if it does not listen. */
export function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const force = setTimeout(() => child.kill("SIGKILL"), 5_000);
    child.once("exit", () => {
      clearTimeout(force);
      resolve();
    });
    child.kill("SIGTERM");
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => {
        if (address !== null && typeof address === "object") resolve(address.port);
        else reject(new PacelineError("chain-unreachable", "no free port on this machine"));
      });
    });
  });
}
