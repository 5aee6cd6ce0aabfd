import { join } from "node:path";
import { DEFAULT_SETTINGS, simulationJob } from "../../node/cli/simulation/settings.ts";
import type { Address } from "../../node/core/bytes.ts";
import { openParticipantStorage } from "../../node/daemon/adapters.ts";
import { saveModel } from "../../node/daemon/model/keptModels.ts";
import { createHome, type Home, jobFolder, openHome, remember } from "../../node/daemon/home/home.ts";
import type { ModelSpec } from "../../node/daemon/job/jobModel.ts";
import { type DataContractInput, dataContractSchema } from "../../node/data/contract.ts";
import type { temporaryFolder } from "../data/temporaryFolder.ts";

/** Homes of participants whose job has been trained. */

const at = (byte: string): Address => `0x${byte.repeat(20)}`;
export const JOB = at("b2");
export const OPERATOR = at("a1");
export const MODEL_ID = `0x${"cd".repeat(32)}` as const;
export const DEPLOYMENT = {
  chainId: 31337,
  token: at("01"),
  registry: at("02"),
  treasury: at("03"),
  court: at("04"),
  factory: at("05"),
};

const number = (name: string): { name: string; type: "number" } => ({ name, type: "number" });
export const SICK: DataContractInput = {
  kind: "table",
  columns: [number("age"), number("dose")],
  label: { column: "ill", type: "class", classes: ["no", "yes, very"] },
  scale: "none",
};
export const SOFTMAX: ModelSpec = { kind: "softmax-regression", inputs: 2, classes: 2 };
/** Weights [inputs, classes], then biases: the logit of yes is 2 · age − dose + 1. */
export const PARAMS = [0, 2, 0, -1, 0, 1];

let homes = 0;

/** A home whose job has these params after seven rounds; or none yet. */
export async function trainedHome(
  folder: ReturnType<typeof temporaryFolder>,
  model: ModelSpec,
  contract: DataContractInput,
  params?: readonly number[],
): Promise<Home> {
  const path = join(folder.path, `home${++homes}`);
  const spec = simulationJob(DEFAULT_SETTINGS, model, dataContractSchema.parse(contract));
  const file = folder.write(`job${homes}.json`, JSON.stringify(spec));
  createHome(path, OPERATOR);
  const home = remember(openHome(path), { deployment: DEPLOYMENT, job: { address: JOB, fromBlock: 3, file } });
  const storage = await openParticipantStorage(jobFolder(path, DEPLOYMENT.chainId, JOB));
  if (params !== undefined)
    await saveModel(storage, { modelId: MODEL_ID, updates: 7, exponent: 9, params: Float32Array.from(params) });
  storage.close();
  return home;
}
