import { domainSeparator, getAddress, pad, type Address, type Hex, type PublicClient } from "viem";
import { immutablesIn, readBuild, type Build } from "./build.ts";
import { argumentsIn, readCreation } from "./creation.ts";

/** One contract of a deployment: what stands at its address, how it was made, and whom it points at. */

export interface Check {
  /** A contract's role, or what points at what. */
  readonly subject: string;
  /** `unknown` where the endpoint cannot tell. */
  readonly verdict: "ok" | "wrong" | "unknown";
  readonly detail: string;
}

/** By role, what may stand there: in open mode the first, in a consortium the last. */
const CONTRACTS = {
  token: ["PaceToken"],
  registry: ["Registry", "ConsortiumRegistry"],
  treasury: ["Treasury"],
  court: ["Court"],
  desk: ["JobDesk"],
  implementation: ["Job"],
  factory: ["JobFactory", "ConsortiumJobFactory"],
  access: ["ConsortiumAccess"],
} as const;
export type Role = keyof typeof CONTRACTS;

/** Immutables that name another part. */
const POINTERS: ReadonlyMap<string, Role> = new Map([
  ["REGISTRY", "registry"],
  ["TREASURY", "treasury"],
  ["COURT", "court"],
  ["DESK", "desk"],
  ["IMPLEMENTATION", "implementation"],
]);

export interface Part {
  readonly role: Role;
  readonly address: Address;
  /** What stands there; undefined where it is none of the candidates. */
  readonly build: Build | undefined;
  readonly immutables: ReadonlyMap<string, Hex>;
  /** Input of the transaction that made it, where the endpoint still knows. */
  readonly input: Hex | undefined;
}

export async function inspect(client: PublicClient, role: Role, address: Address): Promise<Part> {
  const code = (await client.getCode({ address })) ?? "0x";
  for (const contract of CONTRACTS[role]) {
    const build = readBuild(contract);
    const immutables = immutablesIn(build, code);
    if (immutables !== undefined) {
      return { role, address, build, immutables, input: await readCreation(client, address) };
    }
  }
  return { role, address, build: undefined, immutables: new Map(), input: undefined };
}

/** The address in an immutable of `part`. */
export function addressIn(part: Part | undefined, name: string): Address | undefined {
  const word = part?.immutables.get(name);
  return word === undefined ? undefined : getAddress(`0x${word.slice(-40)}`);
}

export function codeCheck({ role, address, build }: Part): Check {
  return build === undefined
    ? { subject: role, verdict: "wrong", detail: `${address} is not the compiled ${CONTRACTS[role].join(" or ")}` }
    : { subject: role, verdict: "ok", detail: `${address} is the compiled ${build.name}` };
}

export function creationChecks({ role, build, input }: Part): Check[] {
  const subject = `${role}, as made`;
  if (build === undefined) return [];
  if (input === undefined) return [{ subject, verdict: "unknown", detail: "needs an endpoint that keeps old state" }];
  const args = argumentsIn(build, input);
  return args === undefined
    ? [{ subject, verdict: "wrong", detail: "by another constructor than the compiled one" }]
    : [{ subject, verdict: "ok", detail: `constructor(${show(args)})` }];
}

function show(args: Readonly<Record<string, unknown>>): string {
  const text = JSON.stringify(args, (_, each: unknown) => (typeof each === "bigint" ? each.toString() : each));
  return text === "{}" ? "" : text;
}

/** Each immutable that names a part, the contract itself or its chain must say what it should. */
export function pointerChecks({ role, address, immutables }: Part, parts: readonly Part[], chainId: number): Check[] {
  const domain = { name: "Paceline Registry", version: "1", chainId, verifyingContract: address };
  const own = new Map<string, Hex>([
    ["SELF", pad(address)],
    ["_cachedThis", pad(address)],
    ["_cachedChainId", pad(`0x${chainId.toString(16)}`)],
    ["_cachedDomainSeparator", domainSeparator({ domain })],
  ]);
  return [...immutables].flatMap(([name, value]) => {
    const target = parts.find((each) => each.role === POINTERS.get(name));
    const expected = target === undefined ? own.get(name) : pad(target.address);
    return expected === undefined ? [] : [compared(`${role}.${name}`, value, expected, target?.role ?? "its own")];
  });
}

export function compared(subject: string, found: Hex | undefined, expected: Hex, name: string): Check {
  const isRight = found?.toLowerCase() === expected.toLowerCase();
  const detail = isRight ? `→ ${name}` : `is ${found ?? "not there"}, not ${expected} (${name})`;
  return { subject, verdict: isRight ? "ok" : "wrong", detail };
}
