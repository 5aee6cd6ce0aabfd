import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import { statSync, chmodSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { after, before, describe, it } from "mocha";
import { answerRequest, type ApiSurface } from "../../node/daemon/api/routes.ts";
import { startApi, type Api } from "../../node/daemon/api/server.ts";
import type { DaemonStatus } from "../../node/daemon/api/status.ts";
import { isAuthorised, readToken } from "../../node/daemon/api/token.ts";
import { createLog } from "../../node/daemon/log.ts";
import { seededRandom } from "../../node/core/random.ts";
import { temporaryFolder } from "../data/temporaryFolder.ts";
import { codeOf } from "../helpers/errors.ts";

const TOKEN = "5a".repeat(32);
const JOB = `0x${"b2".repeat(20)}` as const;
const STATUS: DaemonStatus = {
  pid: 12,
  startedAt: "2026-01-02T03:04:05.000Z",
  operator: `0x${"a1".repeat(20)}`,
  chainId: 31_337,
  endpoints: [{ name: "http://127.0.0.1:8545", state: "used", head: 77, latency: 2 }],
  logLevel: "info",
  contacts: ["/ip4/127.0.0.1/tcp/1"],
  peers: [`0x${"a2".repeat(20)}`, `0x${"a3".repeat(20)}`],
  bytesSent: 30,
  bytesReceived: 40,
  balance: "1500000000000000000",
  diskFreeBytes: 7e9,
  residentBytes: 8e7,
  cpuSeconds: 1.5,
  jobs: [
    {
      job: JOB,
      state: "running",
      round: 3,
      phase: "share",
      now: {
        rounds: 9,
        blockNumber: 77,
        modelId: `0x${"cd".repeat(32)}`,
        modelUpdates: 2,
        examples: 120,
        memberId: 1,
        seat: 0,
        peers: 2,
        messagesReceived: 11,
        messagesRefused: { late: 2, "not-drawn": 1 },
        clockOffsetSeconds: -2.5,
        blobBytes: 4096,
      },
      transactions: { commit: 2, 'odd"\n\\name': 1 },
      gas: 210_000,
      problems: 4,
    },
    { job: `0x${"b3".repeat(20)}`, state: "later", transactions: {}, gas: 0, problems: 1 },
  ],
};

/** What was done, beside answering. */
function surface(): { surface: ApiSurface; done: string[] } {
  const done: string[] = [];
  const actions = { setLevel: (level: string) => void done.push(level), stop: () => void done.push("stop") };
  return { surface: { token: TOKEN, status: { read: () => Promise.resolve(STATUS) }, actions }, done };
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

const AUTHORISED = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };

describe("a daemon's API", () => {
  const { surface: served, done } = surface();
  const problems: string[] = [];
  let api: Api;
  let port: number;
  before(async () => {
    const log = createLog({ json: true, write: (line) => problems.push(line), now: () => 0, level: "warn" });
    api = await startApi({ port: 0, log, ...served });
    port = Number(new URL(api.url).port);
  });
  after(() => api.stop());

  function ask(method: string, path: string, headers: Record<string, string> = {}, body = ""): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const asked = httpRequest({ host: "127.0.0.1", port, method, path, headers, agent: false }, (response) => {
        let text = "";
        response.on("data", (chunk: Buffer) => (text += chunk.toString()));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
      });
      asked.on("error", reject);
      asked.end(body);
    });
  }
  const statusOf = async (...args: Parameters<typeof ask>): Promise<number> => (await ask(...args)).status;

  it("says how the daemon is", async () => {
    expect(JSON.parse((await ask("GET", "/health")).text)).to.deep.equal({ status: "ok" });
    const { status, headers, text } = await ask("GET", "/status?verbose");
    expect(status).to.equal(200);
    expect(headers).to.include({ "cache-control": "no-store", "x-content-type-options": "nosniff" });
    expect(JSON.parse(text)).to.deep.equal(STATUS);
  });

  it("gives Prometheus what it can read", async () => {
    const { headers, text } = await ask("GET", "/metrics");
    expect(headers["content-type"]).to.equal("text/plain; version=0.0.4; charset=utf-8");
    expect(text).to.include(`paceline_info{operator="${STATUS.operator}",chain_id="31337"} 1\n`);
    expect(text).to.include("# TYPE paceline_balance_wei gauge\npaceline_balance_wei 1500000000000000000\n");
    expect(text).to.include(`paceline_job_phase{job="${JOB}",phase="share"} 1\n`);
    expect(text).to.include(`paceline_job_phase{job="${JOB}",phase="commit"} 0\n`);
    expect(text).to.include(`paceline_job_clock_offset_seconds{job="${JOB}"} -2.5\n`);
    expect(text).to.include(`paceline_job_up{job="0x${"b3".repeat(20)}"} 0\n`);
    expect(text).to.include(`paceline_job_messages_refused_total{job="${JOB}",code="not-drawn"} 1\n`);
    expect(text).to.include(`{job="${JOB}",call="odd\\"\\n\\\\name"} 1\n`);
    const sample = /^paceline_[a-z_]+(\{[a-z_]+="([^"\\\n]|\\.)*"(,[a-z_]+="([^"\\\n]|\\.)*")*\})? -?\d+(\.\d+)?$/;
    const meta = /^# (HELP|TYPE) paceline_[a-z_]+ .+$/;
    expect(text.endsWith("\n")).to.equal(true);
    for (const line of text.trimEnd().split("\n"))
      expect(line).to.satisfy((one: string) => sample.test(one) || meta.test(one));
    const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
    expect(new Set(names).size).to.equal(names.length);
  });

  it("changes something for who shows the token, and for nobody else", async () => {
    const level = JSON.stringify({ level: "debug" });
    const json = { "content-type": "application/json" };
    expect((await ask("POST", "/log-level", json, level)).headers["www-authenticate"]).to.equal("Bearer");
    for (const authorization of [
      "",
      TOKEN,
      `Bearer ${TOKEN}0`,
      `Bearer ${TOKEN.slice(1)}`,
      "Bearer ",
      `Basic ${TOKEN}`,
    ])
      expect(await statusOf("POST", "/stop", { ...json, authorization }, "{}"), authorization).to.equal(401);
    expect(done).to.deep.equal([]);
    expect(await statusOf("POST", "/log-level", AUTHORISED, level)).to.equal(200);
    expect(await statusOf("POST", "/stop", AUTHORISED, "{}")).to.equal(202);
    expect(done.splice(0)).to.deep.equal(["debug", "stop"]);
  });

  it("does not answer pages: neither those that had a name point here, nor those that say where they are from", async () => {
    for (const host of ["evil.example", `evil.example:${port}`, "127.0.0.1", `127.0.0.1:${port + 1}`, `[::1]:${port}`])
      expect(await statusOf("GET", "/status", { host }), host).to.equal(403);
    for (const headers of [{ origin: "https://evil.example" }, { origin: "null" }, { "sec-fetch-site": "same-origin" }])
      expect(await statusOf("POST", "/stop", { ...AUTHORISED, ...headers }, "{}")).to.equal(403);
    expect(await statusOf("GET", "/status", { host: `LOCALHOST:${port}` })).to.equal(200);
    expect(done).to.deep.equal([]);
  });

  it("refuses what it does not know, and bodies that are no such request", async () => {
    expect(await statusOf("GET", "/")).to.equal(404);
    for (const path of ["/constructor", "/__proto__", "/status/", "//status", "/%2e%2e/status"])
      expect(await statusOf("GET", path), path).to.equal(404);
    expect((await ask("GET", "/stop")).headers["allow"]).to.equal("POST");
    expect(await statusOf("POST", "/status", AUTHORISED, "{}")).to.equal(405);
    expect(await statusOf("POST", "/stop", { ...AUTHORISED, "content-type": "text/plain" }, "{}")).to.equal(415);
    for (const body of ["", "{", "[]", "null", '{"level":"loud"}', '{"level":"info","more":1}', '{"__proto__":{}}'])
      expect(await statusOf("POST", "/log-level", AUTHORISED, body), body).to.equal(400);
    expect(await statusOf("POST", "/log-level", AUTHORISED, `"${"x".repeat(5000)}"`)).to.equal(413);
    expect(done).to.deep.equal([]);
  });

  it("is not there on the machine's other addresses", async () => {
    const others = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
    const outside = others
      .filter(({ internal, family }) => !internal && family === "IPv4")
      .map(({ address }) => address);
    for (const host of [...outside, "127.0.0.2"]) {
      const refused = await new Promise<boolean>((resolve) => {
        const socket = connect({ host, port }, () => {
          socket.destroy();
          resolve(false);
        });
        socket.on("error", () => resolve(true));
      });
      expect(refused, host).to.equal(true);
    }
  });

  it("stays up through 600 malformed requests over the wire, and does nothing for them", async function () {
    this.timeout(30_000);
    const random = seededRandom(77);
    const good = [
      `POST /stop HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`,
      `GET /status HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`,
      `POST /log-level HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"a":\r\n0\r\n\r\n`,
    ];
    const noise = [
      "\r\n",
      "\0",
      "é",
      ":",
      " ",
      "Content-Length: 1\r\n",
      "Transfer-Encoding: chunked\r\n",
      "HTTP/9.9",
      "A".repeat(9000),
    ];
    const mutated = (): Buffer => {
      const bytes = [...Buffer.from(good[random.below(good.length)]!)];
      for (let change = 0; change <= random.below(4); change++) {
        const at = random.below(bytes.length);
        if (random.below(2) === 0)
          bytes.splice(at, random.below(6), ...Buffer.from(noise[random.below(noise.length)]!));
        else bytes[at] = random.below(256);
      }
      return Buffer.from(bytes);
    };
    const send = (bytes: Buffer): Promise<void> =>
      new Promise((resolve) => {
        const socket = connect({ host: "127.0.0.1", port }, () => socket.end(bytes));
        socket.on("data", () => undefined);
        socket.on("error", () => undefined);
        socket.on("close", () => resolve());
      });
    for (let batch = 0; batch < 30; batch++) await Promise.all(Array.from({ length: 20 }, () => send(mutated())));
    expect(await statusOf("GET", "/health")).to.equal(200);
    expect(done).to.deep.equal([]);
    expect(problems).to.deep.equal([]);
  });

  it("answers whatever it is asked, and acts on none of it without the token (property)", async () => {
    const { surface: asked, done: did } = surface();
    const value = fc.oneof(
      fc.string(),
      fc.constantFrom("127.0.0.1:80", "application/json", `Bearer ${TOKEN.slice(2)}`, "null"),
    );
    const name = fc.oneof(fc.string(), fc.constantFrom("host", "content-type", "authorization", "origin", "__proto__"));
    const headers = fc.dictionary(name, fc.oneof(value, fc.array(value, { maxLength: 2 })));
    const url = fc.oneof(
      fc.string(),
      fc.constantFrom("/stop", "/log-level", "/status", "/metrics", "/health?x", "/toString"),
    );
    const method = fc.oneof(fc.string(), fc.constantFrom("GET", "POST"));
    const body = fc.oneof(fc.string(), fc.json(), fc.constant('{"level":"debug"}'));
    await fc.assert(
      fc.asyncProperty(method, url, headers, body, fc.boolean(), async (how, where, said, text, isLocal) => {
        const all = isLocal ? { ...said, host: "127.0.0.1:80", origin: undefined, "sec-fetch-site": undefined } : said;
        const answer = await answerRequest(asked, 80, {
          method: how,
          url: where,
          headers: all,
          body: () => Promise.resolve(text),
        });
        expect(answer.status).to.be.oneOf([200, 400, 401, 403, 404, 405, 415]);
      }),
      { numRuns: 10_000, seed: 5 },
    );
    expect(did).to.deep.equal([]);
  }).timeout(20_000);
});

describe("an API's token", () => {
  const folder = temporaryFolder();

  it("is made once, is 32 random bytes, and its owner's only", () => {
    const token = readToken(folder.path);
    expect(token).to.match(/^[0-9a-f]{64}$/);
    expect(readToken(folder.path)).to.equal(token);
    expect(statSync(join(folder.path, "api-token")).mode & 0o777).to.equal(0o600);
    expect(readFileSync(join(folder.path, "api-token"), "utf8").trim()).to.equal(token);
    expect(isAuthorised(`Bearer ${token}`, token)).to.equal(true);
    expect(isAuthorised("", token)).to.equal(false);
  });

  it("is refused where others can read it, or it is none", () => {
    chmodSync(join(folder.path, "api-token"), 0o644);
    expect(codeOf(() => readToken(folder.path))).to.equal("bad-input");
    chmodSync(join(folder.path, "api-token"), 0o600);
    folder.write("api-token", "short\n");
    expect(codeOf(() => readToken(folder.path))).to.equal("bad-input");
  });
});
