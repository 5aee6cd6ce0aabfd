import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** An endpoint that knows its chain id and has no contract anywhere. */
export async function openFakeChain(chainId: number): Promise<{ url: string; close(): void }> {
  const answers: Readonly<Record<string, string>> = { eth_chainId: `0x${chainId.toString(16)}`, eth_getCode: "0x" };
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const { id, method } = JSON.parse(body) as { id: number; method: string };
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ jsonrpc: "2.0", id, result: answers[method] ?? null }));
    });
  });
  return { url: await listen(server), close: () => server.close() };
}

/** A web server that speaks no JSON-RPC. */
export async function openWebPage(): Promise<{ url: string; close(): void }> {
  const server = createServer((_, response) => response.end("<html>welcome</html>"));
  return { url: await listen(server), close: () => server.close() };
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
