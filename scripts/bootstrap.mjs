// Makes `npm start` and `npm test` work on a machine that has nothing but Node 18 or newer and npm: installs the packages
// of the lockfile and compiles the contracts, each only when something changed. Plain JavaScript, because the Node that
// runs it may be too old for TypeScript. All that it says goes to stderr, so that a command's own output stays clean.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const INSTALL_STAMP = path.join(ROOT, "node_modules", ".paceline-install");
const COMPILE_STAMP = path.join(ROOT, "artifacts", ".paceline-compile");
const PLATFORM = `${process.platform}-${process.arch}`;
/** First Node that has `node:sqlite` and runs TypeScript files without a flag. */
const OLDEST_NODE = [22, 18];

class BootstrapError extends Error {}

const inRoot = (...parts) => path.join(ROOT, ...parts);
const readRoot = (...parts) => readFileSync(inRoot(...parts), "utf8");
const readJson = (...parts) => JSON.parse(readRoot(...parts));
const say = (line) => process.stderr.write(`${line}\n`);

function fingerprint(...contents) {
  const hash = createHash("sha256");
  for (const content of contents) hash.update(content).update("\0");
  return hash.digest("hex");
}

function stampIs(file, expected) {
  return existsSync(file) && readFileSync(file, "utf8") === expected;
}

/** PATH without any `node_modules/.bin`: an install must not run on the Node that it is about to replace. */
function outerEnvironment() {
  const environment = { ...process.env, ONNXRUNTIME_NODE_INSTALL: "skip" };
  const key = Object.keys(environment).find((name) => name.toUpperCase() === "PATH") ?? "PATH";
  const folders = (environment[key] ?? "").split(path.delimiter);
  environment[key] = folders.filter((folder) => !/node_modules[\\/]\.bin/.test(folder)).join(path.delimiter);
  // Set by `npm run -s`; the install's errors must be seen.
  delete environment.npm_config_loglevel;
  return environment;
}

function isNewEnough(version) {
  const [major, minor] = version.replace("v", "").split(".").map(Number);
  return major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
}

function versionOf(node, env) {
  const result = spawnSync(node, ["--version"], { encoding: "utf8", env });
  return result.status === 0 ? result.stdout.trim() : undefined;
}

function nodeFolder() {
  return `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;
}

/** `name@version` of the npm package that holds a Node 24 for this platform, or undefined where there is none. */
function nodePackage(lockfile) {
  const name = nodeFolder();
  const entry = lockfile.packages[`node_modules/${name}`];
  return entry === undefined ? undefined : `${entry.name ?? name}@${entry.version}`;
}

/** Quiet, and quick to say that there is no network. */
const NPM_OPTIONS = "--loglevel=error --fetch-retries=2 --fetch-retry-mintimeout=1000 --fetch-retry-maxtimeout=5000";

function installCommand(lockfile, env) {
  const install = `ci --include=dev --include=optional --no-audit --no-fund --no-progress ${NPM_OPTIONS}`;
  if (isNewEnough(versionOf("node", env) ?? process.version)) return install.split(" ");
  const holder = nodePackage(lockfile);
  if (holder === undefined) throw new BootstrapError(tooOld());
  // An old Node's npm would silently leave out the optional packages whose engines ask for a newer Node.
  return ["exec", "--yes", ...NPM_OPTIONS.split(" "), `--package=${holder}`, "--call", `npm ${install}`];
}

function tooOld() {
  return `Paceline needs Node ${OLDEST_NODE.join(".")} or newer and npm has none for ${PLATFORM}: install Node 24 from https://nodejs.org and run this again.`;
}

function runNpm(args, env) {
  const cli = process.env.npm_execpath;
  const throughCli = cli !== undefined && /npm-cli\.c?js$/.test(cli);
  const options = { cwd: ROOT, encoding: "utf8", env, stdio: ["ignore", "pipe", "pipe"], maxBuffer: 64 * 1024 * 1024 };
  if (throughCli) return spawnSync("node", [cli, ...args], options);
  return spawnSync("npm", args, { ...options, shell: process.platform === "win32" });
}

const KNOWN_FAILURES = [
  [
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT/,
    "the package registry cannot be reached: connect to the network (or set npm's `registry` or `proxy`) and run this again",
  ],
  [/ENOSPC/, "the disk is full: Paceline's packages need 1.5 GB"],
  [/EACCES|EPERM|EROFS/, "this folder, or npm's cache, cannot be written by you"],
  [/in sync/, "package.json and package-lock.json disagree: run `npm install` once"],
];

function installFailure(result) {
  if (result.error !== undefined) return `npm cannot be run (${result.error.message})`;
  const output = `${result.stdout}\n${result.stderr}`;
  const known = KNOWN_FAILURES.find(([pattern]) => pattern.test(output));
  if (known !== undefined) return known[1];
  const lines = output.split("\n").filter((line) => /^npm (ERR!|error) \S/.test(line) && !/A complete log/.test(line));
  return (lines.at(-1) ?? `npm ended with ${result.status ?? result.signal}`).replace(/^npm (ERR!|error) /, "");
}

/** Whether every package that must be there is, in the lockfile's version: true after an `npm install` by hand. */
function matchesLockfile(lockfile) {
  const hidden = inRoot("node_modules", ".package-lock.json");
  if (!existsSync(hidden)) return false;
  const present = JSON.parse(readFileSync(hidden, "utf8")).packages;
  const required = Object.entries(lockfile.packages).filter(([name, entry]) => name !== "" && !entry.optional);
  if (!required.every(([name, entry]) => present[name]?.version === entry.version)) return false;
  const native = `edr-${process.platform}-${process.arch}`;
  return readdirSync(inRoot("node_modules", "@nomicfoundation")).some((name) => name.startsWith(native));
}

function install() {
  const lockText = readRoot("package-lock.json");
  const wanted = fingerprint(lockText, PLATFORM);
  if (stampIs(INSTALL_STAMP, wanted)) return;
  const lockfile = JSON.parse(lockText);
  if (!matchesLockfile(lockfile)) {
    const env = outerEnvironment();
    const command = installCommand(lockfile, env);
    say("Installing Paceline's packages (once; a minute or two) ...");
    const result = runNpm(command, env);
    if (result.status !== 0)
      throw new BootstrapError(`The packages could not be installed: ${installFailure(result)}.`);
  }
  writeFileSync(INSTALL_STAMP, wanted);
}

/** The Node that npm scripts will use: the installed one, else the running one. */
function projectNode() {
  const lockfile = readJson("package-lock.json");
  const holder = nodePackage(lockfile) === undefined ? undefined : nodeFolder();
  const binary = process.platform === "win32" ? "node.exe" : "node";
  const candidates = holder === undefined ? [] : [inRoot("node_modules", holder, "bin", binary)];
  const node = [...candidates, process.execPath].find((file) => {
    const version = existsSync(file) ? versionOf(file, process.env) : undefined;
    return version !== undefined && isNewEnough(version);
  });
  if (node === undefined) throw new BootstrapError(tooOld());
  return node;
}

function filesUnder(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const file = path.join(folder, entry.name);
      return entry.isDirectory() ? filesUnder(file) : [file];
    })
    .sort();
}

function compile() {
  const sources = filesUnder(inRoot("contracts")).filter((file) => file.endsWith(".sol"));
  // Size and time tell a change well enough here; Hardhat itself compares contents.
  const states = sources.map((file) => `${path.relative(ROOT, file)} ${statSync(file).size} ${statSync(file).mtimeMs}`);
  const wanted = fingerprint(readRoot("package-lock.json"), readRoot("hardhat.config.ts"), ...states);
  if (stampIs(COMPILE_STAMP, wanted)) return;
  say("Compiling the contracts ...");
  const hardhat = inRoot("node_modules", "hardhat", "dist", "src", "cli.js");
  const result = spawnSync(projectNode(), [hardhat, "build", "--no-tests", "--quiet"], { cwd: ROOT, encoding: "utf8" });
  if (result.status !== 0) {
    say(`${result.stdout}${result.stderr}`.trim());
    throw new BootstrapError("The contracts could not be compiled (the compiler's words are above).");
  }
  mkdirSync(path.dirname(COMPILE_STAMP), { recursive: true });
  writeFileSync(COMPILE_STAMP, wanted);
}

try {
  install();
  compile();
} catch (error) {
  if (!(error instanceof BootstrapError)) throw error;
  say(error.message);
  process.exitCode = 1;
}
