import { peerIdFromPrivateKey } from "@libp2p/peer-id";
import { InvalidArgumentError } from "commander";
import { requireUrls } from "../../../node/chain/endpoints/url.ts";
import {
  aFee,
  aList,
  anAddress,
  anAmount,
  anApiPort,
  aPart,
  aPartition,
  aSignature,
  addresses,
  whole,
} from "../../../node/cli/options.ts";
import { networkOf } from "../../../node/cli/networkOptions.ts";
import { toUnits } from "../../../node/daemon/job/jobSpec.ts";
import { answerRequest, type ApiRequest, type ApiSurface } from "../../../node/daemon/api/routes.ts";
import { libp2pKeyOf } from "../../../node/network/identity.ts";
import { parseDataSource } from "../../../node/data/dataSource.ts";
import { bytesOf, jsonBytes, textOf, valueOf, type Decoder } from "../decoder.ts";

const PORT = 8_123;
const TOKEN = "5a".repeat(32);
const headers = { host: `127.0.0.1:${PORT}` };
const authorised = { ...headers, authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
const surface: ApiSurface = {
  token: TOKEN,
  status: { read: () => Promise.reject(new Error("not asked here")) },
  actions: { setLevel: () => undefined, stop: () => undefined },
};

/** A request as Node's server hands it on: strings, whatever is in them. */
interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}
const asked: readonly Asked[] = [
  { method: "GET", url: "/health", headers, body: "" },
  { method: "POST", url: "/log-level", headers: authorised, body: '{"level":"debug"}' },
  { method: "POST", url: "/stop", headers: authorised, body: "{}" },
];

async function apiFed(input: Uint8Array): Promise<boolean> {
  const value = valueOf(input);
  // What is no request is the body of one.
  const { method, url, headers: given, body } = isAsked(value) ? value : { ...asked[1]!, body: textOf(input) };
  const request: ApiRequest = { method, url, headers: given, body: () => Promise.resolve(body) };
  const { status } = await answerRequest(surface, PORT, request);
  if (status >= 500) throw new Error(`answered ${status}`);
  return status < 300;
}

function isAsked(value: unknown): value is Asked {
  if (typeof value !== "object" || value === null) return false;
  const { method, url, headers: given, body } = value as Record<string, unknown>;
  const areStrings = [method, url, body].every((part) => typeof part === "string");
  return (
    areStrings &&
    typeof given === "object" &&
    given !== null &&
    Object.values(given).every((each) => typeof each === "string")
  );
}

const isUsage = (error: unknown): boolean => error instanceof InvalidArgumentError;

/** @param samples values that are taken */
function option(name: string, parse: (text: string) => unknown, ...samples: readonly string[]): Decoder {
  return {
    name: `option ${name}`,
    form: "text",
    samples: () => samples.map(bytesOf),
    feed: (input) => parse(textOf(input)) !== undefined,
    codes: ["bad-input"],
    documents: isUsage,
  };
}

const PEER = `/ip4/192.0.2.7/tcp/4001/p2p/${peerIdFromPrivateKey(libp2pKeyOf(new Uint8Array(32).fill(1))).toString()}`;
const usual = { config: {} };

export const commandDecoders: readonly Decoder[] = [
  { name: "HTTP API requests", form: "json", samples: () => asked.map(jsonBytes), feed: apiFed },
  option("whole numbers", whole(0, 2 ** 40), "0", "12345"),
  option("an address, and a list of them", (text) => [addresses(text), anAddress(text)], `0x${"0a".repeat(20)}`),
  option("an amount, in units", (text) => toUnits(anAmount(text), 18), "1000", "12.5"),
  option("a fee", aFee(1e6), "30", "0.5"),
  option("a consent", aSignature, `0x${"ab".repeat(65)}`),
  option("a partition", aPartition, "iid", "dirichlet:0.5", "shards:2", "quantity:0.5"),
  option("a part", aPart, "2/5"),
  option("the API's port", anApiPort, "off", "8080"),
  option("endpoints", requireUrls, "http://127.0.0.1:8545", "wss://a.example/key,https://b.example"),
  option("a data source", parseDataSource, "csv:data/own.csv", "images:folder"),
  option(
    "addresses to listen on",
    (text) => networkOf({ listen: aList(text) }, usual),
    "/ip4/0.0.0.0/tcp/4001,/ip6/::/tcp/4001/ws",
  ),
  option("peers to stay connected to", (text) => networkOf({ bootstrap: aList(text) }, usual), PEER),
];
