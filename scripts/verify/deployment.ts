import { getAddress, isAddressEqual, parseAbi, type Address, type PublicClient } from "viem";
import type { Deployment } from "../../node/chain/accounts.ts";
import { argumentsIn } from "./creation.ts";
import {
  addressIn,
  codeCheck,
  compared,
  creationChecks,
  inspect,
  pointerChecks,
  type Check,
  type Part,
  type Role,
} from "./parts.ts";

const VIEWS = parseAbi([
  "function factory() view returns (address)",
  "function authority() view returns (address)",
  "function hasRole(uint64 role, address account) view returns (bool isMember, uint32 delay)",
]);
const ADMIN_ROLE = 0n;

/**
 * Holds a deployment of either mode against the compiled contracts: the code at each address, how it was made, who points at
 * whom. Reads `artifacts/`: `npx hardhat build` first, from the sources in question.
 */
export async function verifyDeployment(client: PublicClient, deployment: Deployment): Promise<Check[]> {
  const { parts, isConsortium } = await inspectAll(client, deployment);
  const bound = await readAddress(client, deployment.treasury, "factory");
  return [
    ...parts.flatMap((part) => [codeCheck(part), ...creationChecks(part)]),
    ...(isConsortium ? [await anyToken(client, deployment.token)] : []),
    ...parts.flatMap((part) => pointerChecks(part, parts, deployment.chainId)),
    compared("treasury.factory", bound, deployment.factory, "factory"),
    ...(isConsortium ? await roleChecks(client, parts) : []),
  ];
}

/** The deployment names some contracts, and these name the others. */
async function inspectAll(
  client: PublicClient,
  deployment: Deployment,
): Promise<{ readonly parts: readonly Part[]; readonly isConsortium: boolean }> {
  const look = async (role: Role, address: Address | undefined): Promise<Part[]> =>
    address === undefined ? [] : [await inspect(client, role, address)];
  const [registry] = await look("registry", deployment.registry);
  const [factory] = await look("factory", deployment.factory);
  const [implementation] = await look("implementation", addressIn(factory, "IMPLEMENTATION"));
  const isConsortium = [registry, factory].some((part) => part?.build?.name.startsWith("Consortium"));
  const others = await Promise.all([
    isConsortium
      ? look("access", await readAddress(client, deployment.registry, "authority"))
      : look("token", deployment.token),
    look("treasury", deployment.treasury),
    look("court", deployment.court),
    look("desk", addressIn(implementation, "DESK")),
  ]);
  const found = [registry, factory, implementation].filter((part) => part !== undefined);
  return { parts: [...found, ...others.flat()], isConsortium };
}

async function anyToken(client: PublicClient, token: Address): Promise<Check> {
  const exists = (await client.getCode({ address: token })) !== undefined;
  const detail = `${token} ${exists ? "is the consortium's own" : "has no code"}`;
  return { subject: "token", verdict: exists ? "ok" : "wrong", detail };
}

/** One access manager for registry and factory, and no power left with whoever deployed. */
async function roleChecks(client: PublicClient, parts: readonly Part[]): Promise<Check[]> {
  const partOf = (role: Role): Part | undefined => parts.find((part) => part.role === role);
  const [access, factory, deployer] = [partOf("access"), partOf("factory"), addressIn(partOf("treasury"), "DEPLOYER")];
  if (access === undefined || factory === undefined) return [];
  const authority = await readAddress(client, factory.address, "authority");
  const checks = [compared("factory.authority", authority, access.address, "access")];
  return deployer === undefined ? checks : [...checks, await deployerCheck(client, access, deployer)];
}

async function deployerCheck(client: PublicClient, { address, build, input }: Part, deployer: Address): Promise<Check> {
  const subject = "deployer";
  const named = build && input && argumentsIn(build, input)?.["admin"];
  if (typeof named === "string" && isAddressEqual(getAddress(named), deployer)) {
    return { subject, verdict: "ok", detail: `${deployer} was named admin` };
  }
  const query = { address, abi: VIEWS, functionName: "hasRole", args: [ADMIN_ROLE, deployer] } as const;
  const [isAdmin] = await client.readContract(query).catch(() => [true]);
  return { subject, verdict: isAdmin ? "wrong" : "ok", detail: `${deployer} is ${isAdmin ? "" : "not "}admin` };
}

/** Undefined where nothing there answers. */
function readAddress(
  client: PublicClient,
  address: Address,
  functionName: "factory" | "authority",
): Promise<Address | undefined> {
  return client.readContract({ address, abi: VIEWS, functionName }).catch(() => undefined);
}
