// `node scripts/verifyDeployment.ts [--deployment FILE] [--rpc URL]`: holds what stands on a chain against the compiled
// contracts. Exits with 0 when all is right, 1 when something is wrong, 3 when something could not be seen.
import { parseArgs } from "node:util";
import { openEndpoint } from "../node/chain/endpoint.ts";
import { DEFAULT_DEPLOYMENT, DEFAULT_RPC } from "../node/cli/options.ts";
import { messageOf } from "../node/core/errors.ts";
import { readDeployment } from "../node/daemon/home/home.ts";
import { verifyDeployment } from "./verify/deployment.ts";
import type { Check } from "./verify/parts.ts";

const MARKS = { ok: "✔ ok", wrong: "✘ WRONG", unknown: "? unknown" } as const;

function table(checks: readonly Check[]): string {
  const width = Math.max(...checks.map(({ subject }) => subject.length));
  const line = ({ subject, verdict, detail }: Check): string =>
    `${subject.padEnd(width)}  ${MARKS[verdict].padEnd(9)}  ${detail}`;
  return checks.map(line).join("\n");
}

function exitCode(checks: readonly Check[]): number {
  if (checks.some(({ verdict }) => verdict === "wrong")) return 1;
  return checks.some(({ verdict }) => verdict === "unknown") ? 3 : 0;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      deployment: { type: "string", default: DEFAULT_DEPLOYMENT },
      rpc: { type: "string", default: DEFAULT_RPC },
    },
  });
  const deployment = readDeployment(values.deployment);
  const endpoint = await openEndpoint(values.rpc, deployment.chainId);
  try {
    const checks = await verifyDeployment(endpoint.client, deployment);
    console.log(table(checks));
    return exitCode(checks);
  } finally {
    await endpoint.close();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 2;
}
