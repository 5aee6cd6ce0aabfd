import { z } from "zod";
import { LOG_LEVELS, type LogLevel } from "../log.ts";
import { METRICS_TYPE, metricsText } from "./metrics.ts";
import type { DaemonStatus } from "./status.ts";
import { isAuthorised } from "./token.ts";

/** What a running daemon can be told. */
export interface DaemonActions {
  readonly setLevel: (level: LogLevel) => void;
  readonly stop: () => void;
}

export interface ApiSurface {
  readonly token: string;
  readonly status: { read(): Promise<DaemonStatus> };
  readonly actions: DaemonActions;
}

export interface ApiRequest {
  readonly method: string;
  /** With the query, as it came. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Called by what takes a body, and only then. Rejects with an `ApiError` for one that is too large. */
  readonly body: () => Promise<string>;
}

export interface ApiResponse {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What is answered in place of what was asked for. */
export class ApiError extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

type Answer = (surface: ApiSurface, request: ApiRequest) => Promise<ApiResponse> | ApiResponse;

const levelSchema = z.strictObject({ level: z.enum(LOG_LEVELS) });

/** Everything that changes something is POST, and wants the token. */
const ROUTES: Readonly<Record<string, { readonly method: "GET" | "POST"; readonly answer: Answer }>> = {
  "/health": { method: "GET", answer: () => json(200, { status: "ok" }) },
  "/status": { method: "GET", answer: async ({ status }) => json(200, await status.read()) },
  "/metrics": {
    method: "GET",
    answer: async ({ status }) => ({ status: 200, type: METRICS_TYPE, text: metricsText(await status.read()) }),
  },
  "/log-level": {
    method: "POST",
    async answer({ actions }, request) {
      const { level } = await readBody(request, levelSchema);
      actions.setLevel(level);
      return json(200, { level });
    },
  },
  "/stop": {
    method: "POST",
    async answer({ actions }, request) {
      await readBody(request, z.strictObject({}));
      actions.stop();
      return json(202, { stopping: true });
    },
  },
};

/**
 * Answers one request. Only programs of this machine are answered: a name in Host that is not the loopback's would be a page that
 * had its name point here (DNS rebinding), and an Origin is a browser's.
 * @param port that the API listens on
 */
export async function answerRequest(surface: ApiSurface, port: number, request: ApiRequest): Promise<ApiResponse> {
  try {
    requireLocal(request, port);
    const path = request.url.split("?", 1)[0] ?? "";
    const route = Object.hasOwn(ROUTES, path) ? ROUTES[path] : undefined;
    if (route === undefined) throw new ApiError(404, `there is no ${path.slice(0, 80)} here`);
    if (request.method !== route.method)
      throw new ApiError(405, `${path} takes ${route.method} only`, { allow: route.method });
    if (route.method === "POST") requireToken(request, surface.token);
    return await route.answer(surface, request);
  } catch (error) {
    if (error instanceof ApiError) return json(error.status, { error: error.message }, error.headers);
    throw error;
  }
}

export function json(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): ApiResponse {
  return { status, type: "application/json; charset=utf-8", text: `${JSON.stringify(value)}\n`, headers };
}

function requireLocal({ headers }: ApiRequest, port: number): void {
  const names = ["127.0.0.1", "localhost"].map((name) => `${name}:${port}`);
  const { host } = headers;
  if (typeof host !== "string" || !names.includes(host.toLowerCase()))
    throw new ApiError(403, `the API answers to ${names.join(" and ")} only`);
  if (headers["origin"] !== undefined || headers["sec-fetch-site"] !== undefined)
    throw new ApiError(403, "the API does not answer to browsers");
}

function requireToken({ headers }: ApiRequest, token: string): void {
  const { authorization } = headers;
  if (typeof authorization === "string" && isAuthorised(authorization, token)) return;
  throw new ApiError(401, "give the token of the home's file api-token: Authorization: Bearer …", {
    "www-authenticate": "Bearer",
  });
}

async function readBody<T>(request: ApiRequest, schema: z.ZodType<T>): Promise<T> {
  const type = request.headers["content-type"];
  if (typeof type !== "string" || !/^application\/json\s*(;|$)/i.test(type))
    throw new ApiError(415, "give the body as application/json");
  const parsed = schema.safeParse(parseJson(await request.body()));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "body"}: ${message}`);
  throw new ApiError(400, problems.join("; ").slice(0, 400));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new ApiError(400, "the body is not JSON");
  }
}
