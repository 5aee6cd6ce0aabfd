import { createCipheriv, pbkdf2Sync } from "node:crypto";
import { readFileSync } from "node:fs";
import { encryptKeystoreJsonSync } from "ethers/wallet";
import { readStatement, signStatement, type AuditStatement } from "../../../node/audit/statement.ts";
import { keccak256, keccakWords, toHex, type Address } from "../../../node/core/bytes.ts";
import { addressOfPrivateKey } from "../../../node/core/signature.ts";
import { readToken } from "../../../node/daemon/api/token.ts";
import { readJsonFile } from "../../../node/daemon/home/files.ts";
import { openHome, readDeployment, type HomeConfig } from "../../../node/daemon/home/home.ts";
import { readJobFile } from "../../../node/daemon/job/jobFile.ts";
import { specHash } from "../../../node/daemon/job/jobSpec.ts";
import { createKeystore, openKeystore } from "../../../node/daemon/home/keystore.ts";
import { dataContractSchema } from "../../../node/data/contract.ts";
import { DEFAULT_SETTINGS, simulationJob } from "../../../node/cli/simulation/settings.ts";
import { bytesOf, jsonBytes, type Decoder } from "../decoder.ts";
import { ScratchFile } from "../scratch.ts";

const KEY = keccak256(Uint8Array.of(9));
const address = (byte: string): Address => `0x${byte.repeat(20)}`;
const deployment = {
  chainId: 31_337,
  token: address("01"),
  registry: address("02"),
  treasury: address("03"),
  court: address("04"),
  factory: address("05"),
};
const home: HomeConfig = {
  version: 2,
  operator: address("a1"),
  rpc: "http://127.0.0.1:8545",
  deployment,
  logLevel: "info",
  api: 0,
  confirmations: 2,
  maxFeeGwei: 300,
  keepRounds: 8,
  transfers: { upload: { total: 1e6, perPeer: 1e5 }, compression: "auto" },
  jobs: [{ address: address("b2"), fromBlock: 7, file: "job.json", engine: { engine: "onnx", threads: 2 } }],
};
const oldHome = {
  version: 1,
  operator: address("a1"),
  rpc: "ws://127.0.0.1:8545",
  job: { address: address("b2"), fromBlock: 7 },
};

function jobs(): readonly Uint8Array[] {
  const contract = dataContractSchema.parse({
    kind: "table",
    columns: ["a", "b", "c"].map((name) => ({ name, type: "number" })),
    label: { column: "d", type: "class", classes: ["no", "yes"] },
    scale: "none",
  });
  const spec = simulationJob(DEFAULT_SETTINGS, { kind: "softmax-regression", inputs: 3, classes: 2 }, contract);
  const bootstrap = ["/dns4/a.example/tcp/4001/p2p/16Uiu2HAm3Xp1gV3Hm2f7RTN1KmZ3c5T3cQ5XKqDkqPF3hB3kQ7wF"];
  return [jsonBytes(spec), jsonBytes({ ...spec, network: { bootstrap } })];
}

const statement: AuditStatement = {
  version: 1,
  tool: "paceline 0.1.0",
  date: "2026-05-04T13:07:59Z",
  chainId: 31_337,
  job: address("1b"),
  specHash: keccakWords(1),
  fromBlock: 12,
  toBlock: 3_456,
  blockHash: keccakWords(2),
  rounds: 50,
  settled: 49,
  skipped: 1,
  provenWrong: [17],
  modelId: keccakWords(3),
  paramsHash: null,
  aggregates: { recomputed: 49, read: 0, notRead: 0 },
  stateCompared: true,
};

interface FileDecoder extends Omit<Decoder, "form" | "feed" | "close"> {
  readonly form?: Decoder["form"];
  /** Throws what it documents for a file that is not right. */
  readonly read: (path: string, folder: string) => unknown;
}

function ofFile(file: string, { form = "json", read, ...rest }: FileDecoder): Decoder {
  const scratch = new ScratchFile(file);
  return {
    codes: ["bad-input"],
    form,
    ...rest,
    async feed(input) {
      await read(scratch.write(input), scratch.folder);
      return true;
    },
    close: () => scratch.remove(),
  };
}

async function keystores(): Promise<readonly Uint8Array[]> {
  const ours = new ScratchFile("key.json");
  await createKeystore(ours.path, KEY, "p", { scryptN: 2 });
  const json = readFileSync(ours.path);
  ours.remove();
  const theirs = encryptKeystoreJsonSync({ address: addressOfPrivateKey(KEY), privateKey: toHex(KEY) }, "p", {
    scrypt: { N: 2 },
  });
  return [json, bytesOf(theirs)];
}

/** The other way of deriving a key that the form knows. */
function withPbkdf2(): string {
  const [salt, iv] = [Buffer.alloc(32, 5), Buffer.alloc(16, 6)];
  const derived = pbkdf2Sync("p", salt, 2, 32, "sha256");
  const ciphertext = createCipheriv("aes-128-ctr", derived.subarray(0, 16), iv).update(KEY);
  const mac = Buffer.from(keccak256(Buffer.concat([derived.subarray(16), ciphertext])));
  const kdfparams = { dklen: 32, c: 2, prf: "hmac-sha256", salt: salt.toString("hex") };
  const crypto = {
    cipher: "aes-128-ctr",
    cipherparams: { iv: iv.toString("hex") },
    ciphertext: ciphertext.toString("hex"),
    kdf: "pbkdf2",
    kdfparams,
    mac: mac.toString("hex"),
  };
  return JSON.stringify({ version: 3, address: addressOfPrivateKey(KEY).slice(2), crypto });
}

async function openOrNot(path: string): Promise<void> {
  await openKeystore(path, "p");
}

export const fileDecoders: readonly Decoder[] = [
  ofFile("config.json", {
    name: "a home's config.json",
    samples: () => [jsonBytes(home), jsonBytes(oldHome)],
    read: (_, folder) => openHome(folder),
  }),
  ofFile("deployment.json", {
    name: "a deployment file",
    samples: () => [jsonBytes(deployment)],
    read: readDeployment,
  }),
  ofFile("job.json", { name: "a job file", samples: jobs, read: (path) => specHash(readJobFile(path)) }),
  ofFile("operator.json", {
    name: "a keystore",
    samples: keystores,
    read: openOrNot,
    codes: ["bad-input", "wrong-password"],
  }),
  ofFile("operator.json", {
    name: "a keystore with PBKDF2",
    samples: () => [bytesOf(withPbkdf2())],
    read: openOrNot,
    codes: ["bad-input", "wrong-password"],
  }),
  ofFile("api-token", {
    name: "the API's token",
    form: "text",
    samples: () => [bytesOf(`${"5a".repeat(32)}\n`)],
    read: (_, folder) => readToken(folder),
  }),
  ofFile("statement.json", {
    name: "an auditor's statement",
    samples: () => [jsonBytes({ statement }), jsonBytes(signStatement(statement, KEY))],
    read: (path) => readStatement(readJsonFile(path, "statement")),
  }),
];
