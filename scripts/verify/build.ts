import { readFileSync } from "node:fs";
import { hexToBytes, type Abi, type Hex } from "viem";

/** Compiled contracts from `artifacts/`, and whether given code is one of them. */

const root = new URL("../../artifacts/", import.meta.url);

interface Span {
  readonly start: number;
  readonly length: number;
}

export interface Build {
  readonly name: string;
  readonly abi: Abi;
  readonly creation: Hex;
  readonly runtime: Hex;
  /** Where each immutable's value stands in the runtime code, by the immutable's name. */
  readonly immutables: ReadonlyMap<string, readonly Span[]>;
}

interface Artifact {
  readonly abi: Abi;
  readonly bytecode: Hex;
  readonly deployedBytecode: Hex;
  readonly immutableReferences?: Readonly<Record<string, readonly Span[]>>;
  readonly buildInfoId: string;
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(new URL(path, root), "utf8"));
}

/** The contract `name` of contracts/NAME.sol, as `npx hardhat build` left it. */
export function readBuild(name: string): Build {
  const artifact = readJson(`contracts/${name}.sol/${name}.json`) as Artifact;
  const { abi, bytecode, deployedBytecode, immutableReferences = {} } = artifact;
  const names = namesOf(artifact.buildInfoId);
  const immutables = new Map(Object.entries(immutableReferences).map(([id, spans]) => [names.get(id) ?? id, spans]));
  return { name, abi, creation: bytecode, runtime: deployedBytecode, immutables };
}

const namesByBuild = new Map<string, ReadonlyMap<string, string>>();

/** Names of immutables by the id of their declaration, which is all that an artifact tells. */
function namesOf(buildInfoId: string): ReadonlyMap<string, string> {
  const known = namesByBuild.get(buildInfoId);
  if (known !== undefined) return known;
  const names = new Map<string, string>();
  collectImmutables(readJson(`build-info/${buildInfoId}.output.json`), names);
  namesByBuild.set(buildInfoId, names);
  return names;
}

function collectImmutables(node: unknown, into: Map<string, string>): void {
  if (typeof node !== "object" || node === null) return;
  const { nodeType, mutability, id, name } = node as Readonly<Record<string, unknown>>;
  if (nodeType === "VariableDeclaration" && mutability === "immutable") into.set(String(id), String(name));
  for (const child of Object.values(node)) collectImmutables(child, into);
}

/** The immutables' values in `code` by name, or undefined where `code` is not this contract's. */
export function immutablesIn(build: Build, code: Hex): ReadonlyMap<string, Hex> | undefined {
  const [compiled, found] = [hexToBytes(build.runtime), hexToBytes(code)];
  if (compiled.length !== found.length) return undefined;
  const values = new Map<string, Hex>();
  for (const [name, spans] of build.immutables) {
    const copies = spans.map(({ start, length }) => code.slice(2 + 2 * start, 2 + 2 * (start + length)));
    if (copies.some((copy) => copy !== copies[0])) return undefined;
    values.set(name, `0x${copies[0] ?? ""}`);
    for (const { start, length } of spans) found.fill(0, start, start + length);
  }
  return compiled.every((byte, index) => byte === found[index]) ? values : undefined;
}
