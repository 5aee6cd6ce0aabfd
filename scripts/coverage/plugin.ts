import type { HardhatPlugin } from "hardhat/types/plugins";
import path from "node:path";
import { readFileSync } from "node:fs";
import { branchesOf, branchLibrary, LIBRARY_FILE, wrapConditions } from "./branches.ts";

/** Adds to what Hardhat instruments for coverage that both ways of each condition are reported. */
const branchCoverage: HardhatPlugin = {
  id: "paceline-branch-coverage",
  hookHandlers: {
    solidity: async () => ({
      default: async () => ({
        async preprocessProjectFileBeforeBuilding(context, sourceName, fsPath, content, solcVersion, next) {
          const built = await next(context, sourceName, fsPath, content, solcVersion);
          // Tests and what coverage leaves out is not instrumented.
          if (hitFileOf(built) === undefined) return built;
          const file = path.relative(context.config.paths.root, fsPath);
          return wrapConditions(built, branchesOf(file, readFileSync(fsPath, "utf8")));
        },
        async preprocessSolcInputBeforeBuilding(context, input, next) {
          const built = await next(context, input);
          const hitFile = Object.keys(built.sources).find((name) => name.startsWith(HIT_FILE));
          if (hitFile !== undefined) built.sources[LIBRARY_FILE] = { content: branchLibrary(hitFile) };
          return built;
        },
      }),
    }),
  },
};
export default branchCoverage;

const HIT_FILE = "__NomicFoundationCoverage";

function hitFileOf(source: string): string | undefined {
  return new RegExp(`import "(${HIT_FILE}[^"]*)";`).exec(source)?.[1];
}
