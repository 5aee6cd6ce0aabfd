import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { messageOf, PacelineError } from "../../core/errors.ts";
import type { Log } from "../log.ts";
import { answerRequest, ApiError, json, type ApiResponse, type ApiSurface } from "./routes.ts";

/** The HTTP API of a running daemon: for programs of this machine, and nowhere else to be reached. */
export interface Api {
  readonly url: string;
  stop(): Promise<void>;
}

export interface ApiOptions extends ApiSurface {
  /** 0 for any free one. */
  readonly port: number;
  readonly log: Log;
}

/** There is no way to have it listen elsewhere: whoever must reach it from outside puts a server that authenticates before it. */
const LOOPBACK = "127.0.0.1";
const MAX_BODY_BYTES = 4096;
const MAX_CONNECTIONS = 32;

/** @throws PacelineError `bad-input` where the port is taken or not allowed */
export async function startApi({ port, log, ...surface }: ApiOptions): Promise<Api> {
  const server = createServer({
    maxHeaderSize: 8192,
    headersTimeout: 5_000,
    requestTimeout: 10_000,
    keepAliveTimeout: 5_000,
    connectionsCheckingInterval: 1_000,
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.maxHeadersCount = 50;
  server.on("request", (request, response) => {
    answer(request, response, surface, portOf(server)).catch((error: unknown) => log.problem("API", error));
  });
  server.on("clientError", refuse);
  await listen(server, port);
  server.on("error", (error) => log.problem("API", error));
  return {
    url: `http://${LOOPBACK}:${portOf(server)}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        // Those that have just been answered, the one that said stop among them, are let go first.
        server.closeIdleConnections();
        setTimeout(() => server.closeAllConnections(), 500).unref();
      }),
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) => {
      const text = `the API cannot listen on port ${port}: ${messageOf(error)}; give another --api PORT, or off`;
      reject(new PacelineError("bad-input", text, { port }, error));
    });
    server.listen(port, LOOPBACK, resolve);
  });
}

const portOf = (server: Server): number => (server.address() as AddressInfo | null)?.port ?? 0;

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  surface: ApiSurface,
  port: number,
): Promise<void> {
  response.on("error", () => undefined); // whoever asked has gone
  const { method = "", url = "", headers } = request;
  let answered: ApiResponse;
  try {
    answered = await answerRequest(surface, port, { method, url, headers, body: () => readBody(request) });
  } catch (error) {
    send(response, json(500, { error: "this failed inside the daemon: see its log" }));
    throw error;
  }
  send(response, answered);
}

function send(response: ServerResponse, { status, type, text, headers = {} }: ApiResponse): void {
  response.writeHead(status, {
    ...headers,
    "content-type": type,
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    // What is left of a body that nobody read must not be taken for the next request.
    ...(status >= 400 ? { connection: "close" } : {}),
  });
  response.end(text);
}

/** What is no HTTP at all. */
function refuse(_: Error, socket: Duplex): void {
  if (socket.writable) socket.end("HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
  else socket.destroy();
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > MAX_BODY_BYTES) throw new ApiError(413, `a body has at most ${MAX_BODY_BYTES} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof ApiError ? error : new ApiError(400, "the body broke off");
  }
  return Buffer.concat(chunks).toString("utf8");
}
