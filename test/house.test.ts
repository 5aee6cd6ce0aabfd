import path from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import ts from "typescript";
import { importsOf, parse, sourceFiles, visit } from "./helpers/imports.ts";

/** What the files of each folder of `node/` may import from the others. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: [],
  protocol: ["core"],
  chain: ["core"],
  network: ["core"],
  training: ["core"],
  data: ["core"],
  storage: ["core"],
  daemon: ["core", "protocol", "chain", "network", "training", "data", "storage"],
  audit: ["core", "chain"],
  simulation: ["core", "protocol", "chain", "network", "training", "data", "storage", "daemon"],
  dashboard: ["core", "protocol", "daemon"],
  // Wallets, sponsors and the simulator's chain act without a daemon.
  cli: ["core", "protocol", "audit", "daemon", "simulation", "dashboard", "chain", "network", "training", "data"],
};

/** What a peer really runs on; which of it, and when its twin, is the daemon's choice. */
const PEER_ADAPTERS = [
  "node/network/libp2p.ts",
  "node/storage/sqlite.ts",
  "node/training/onnxTrainer.ts",
  "node/training/tfjs/tfjsTrainer.ts",
];

const PURE = ["node/core", "node/protocol"];
const IMPURE_MODULES =
  /^node:(fs|net|http|https|http2|tls|dgram|dns|os|child_process|worker_threads|cluster|timers|perf_hooks|process|sqlite)(\/|$)/;
const IMPURE_NAMES = new Set([
  "Date",
  "performance",
  "process",
  "fetch",
  "crypto",
  "setTimeout",
  "setInterval",
  "setImmediate",
  "queueMicrotask",
]);

const files = sourceFiles("node");
const imports = files.flatMap(importsOf);
const folderOf = (file: string): string => file.split("/")[1] ?? "";

/** A cycle of imports as a path of files, or undefined. */
function findCycle(edges: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  const walk = (file: string, trail: readonly string[]): string[] | undefined => {
    if (trail.includes(file)) return [...trail.slice(trail.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const next of edges.get(file) ?? []) {
      const cycle = walk(next, [...trail, file]);
      if (cycle !== undefined) return cycle;
    }
    done.add(file);
    return undefined;
  };
  for (const file of edges.keys()) {
    const cycle = walk(file, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

/** Uses of a clock, of randomness or of the platform in a file, as "file:line name". */
function impurities(file: string): string[] {
  const source = parse(file);
  const found: string[] = [];
  const report = (node: ts.Node): void => {
    const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
    found.push(`${file}:${line} ${node.getText()}`);
  };
  visit(source, (node) => {
    if (ts.isPropertyAccessExpression(node) && node.getText() === "Math.random") report(node);
    if (!ts.isIdentifier(node) || !IMPURE_NAMES.has(node.text)) return;
    const { parent } = node;
    const isMember = (ts.isPropertyAccessExpression(parent) || ts.isPropertyAssignment(parent)) && parent.name === node;
    if (!isMember && !ts.isTypeNode(parent)) report(node);
  });
  return found;
}

describe("the house", () => {
  it("has floors, and imports run downwards only", () => {
    const wrong = imports.filter(({ from, to, typeOnly }) => {
      if (!to.startsWith("node/") || folderOf(from) === folderOf(to)) return false;
      // Above the daemon, any port's types may be named.
      if (typeOnly && ["cli", "dashboard"].includes(folderOf(from))) return false;
      return !(MAY_IMPORT[folderOf(from)] ?? []).includes(folderOf(to));
    });
    expect(wrong.map(({ from, to }) => `${from} → ${to}`)).to.deep.equal([]);
  });

  it("leaves the choice of a peer's adapters to the daemon", () => {
    expect(PEER_ADAPTERS.filter((file) => !files.includes(file))).to.deep.equal([]);
    const elsewhere = imports.filter(
      ({ from, to }) => PEER_ADAPTERS.includes(to) && folderOf(from) !== folderOf(to) && folderOf(from) !== "daemon",
    );
    expect(elsewhere.map(({ from, to }) => `${from} → ${to}`)).to.deep.equal([]);
  });

  it("knows every folder that it has", () => {
    expect([...new Set(files.map(folderOf))].filter((folder) => !(folder in MAY_IMPORT))).to.deep.equal([]);
  });

  it("has no circular import", () => {
    const edges = new Map(files.map((file) => [file, importsOf(file).map(({ to }) => to)]));
    expect(findCycle(edges) ?? []).to.deep.equal([]);
  });

  it("has no two folders of a floor that import each other, nor a circle of them", () => {
    const beside = imports.filter(({ from, to }) => {
      const [a, b] = [path.dirname(from), path.dirname(to)];
      // What lies in a folder serves what lies around it; only rooms beside each other have an order.
      return folderOf(from) === folderOf(to) && a !== b && !a.startsWith(`${b}/`) && !b.startsWith(`${a}/`);
    });
    const edges = new Map<string, string[]>();
    for (const { from, to } of beside) {
      const folder = path.dirname(from);
      edges.set(folder, [...(edges.get(folder) ?? []), path.dirname(to)]);
    }
    expect(edges.size).to.be.greaterThan(10);
    expect(findCycle(edges) ?? []).to.deep.equal([]);
  });

  it("does not depend on scripts, tests or the contracts' build", () => {
    const outside = imports.filter(({ to }) => /^(scripts|test|artifacts|cache)\//.test(to));
    expect(outside.map(({ from, to }) => `${from} → ${to}`)).to.deep.equal([]);
  });

  it("has no barrels", () => {
    const barrels = [...files, ...sourceFiles("test"), ...sourceFiles("scripts")].filter((file) =>
      /\/index\.ts$/.test(file),
    );
    expect(barrels).to.deep.equal([]);
  });

  it("keeps clock, randomness and platform out of the core and the protocol", () => {
    const pure = files.filter((file) => PURE.some((folder) => file.startsWith(`${folder}/`)));
    const modules = pure.flatMap(importsOf).filter(({ to }) => IMPURE_MODULES.test(to));
    expect(modules.map(({ from, to }) => `${from} → ${to}`)).to.deep.equal([]);
    expect(pure.flatMap(impurities)).to.deep.equal([]);
  });
});

describe("the search for circular imports", () => {
  it("names the files of a cycle, also when it does not contain the first file", () => {
    const edges = new Map([
      ["a", ["b"]],
      ["b", ["c"]],
      ["c", ["d", "b"]],
      ["d", []],
    ]);
    expect(findCycle(edges)).to.deep.equal(["b", "c", "b"]);
    edges.set("c", ["d"]);
    expect(findCycle(edges)).to.equal(undefined);
  });
});
