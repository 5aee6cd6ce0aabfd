import { createHash } from "node:crypto";
import { parse, visit } from "@solidity-parser/parser";

/**
 * Hardhat's coverage counts statements and lines, not branches. A branch here is one of the two ways of an `if`, a `?:` or a
 * `require`: its condition c becomes `__Branches.way(c, A, B)`, which gives c and reports tag A or B by the same means that
 * Hardhat's own tags take. Loops, `&&`, `||` and assembly are not counted.
 */
export interface Branch {
  /** From 1. */
  readonly line: number;
  /** Reported where the condition holds, and where it does not: 64 hex digits each. */
  readonly tags: readonly [string, string];
}

interface Span {
  readonly start: number;
  /** One behind the last character. */
  readonly end: number;
}

interface Ranged {
  readonly range?: [number, number];
}

/** Conditions in the bodies of functions and modifiers, in the order of the text. */
function conditionsOf(source: string): Span[] {
  const spans: Span[] = [];
  const add = ({ range }: Ranged): void => {
    if (range === undefined) throw new Error("the parser gave no range");
    spans.push({ start: range[0], end: range[1] + 1 });
  };
  const ast = parse(source, { range: true });
  const body = {
    IfStatement: ({ condition }: { condition: Ranged }) => add(condition),
    Conditional: ({ condition }: { condition: Ranged }) => add(condition),
    FunctionCall: ({ expression, arguments: given }: { expression: object; arguments: Ranged[] }) => {
      const called = "name" in expression ? expression.name : undefined;
      if ((called === "require" || called === "assert") && given[0] !== undefined) add(given[0]);
    },
  };
  visit(ast, {
    FunctionDefinition: (node) => visit(node, body),
    ModifierDefinition: (node) => visit(node, body),
  });
  return spans.sort((a, b) => a.start - b.start);
}

/** Branches of a file as it stands in the repository. @param file its path, which the tags are made of */
export function branchesOf(file: string, source: string): Branch[] {
  const tag = (index: number, way: string): string =>
    createHash("sha256").update(`${file} ${index} ${way}`).digest("hex");
  return conditionsOf(source).map(({ start }, index) => ({
    line: source.slice(0, start).split("\n").length,
    tags: [tag(index, "yes"), tag(index, "no")],
  }));
}

export const LIBRARY_FILE = "__Branches.sol";

/** @param hitFile where Hardhat's own library stands */
export function branchLibrary(hitFile: string): string {
  return `// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;
import "${hitFile}";
library __Branches {
    function way(bool condition, uint256 yes, uint256 no) internal pure returns (bool) {
        __NomicFoundationCoverage.sendHit(condition ? yes : no);
        return condition;
    }
}
`;
}

/** Wraps the conditions of `instrumented`, which holds those of the original in the same order. */
export function wrapConditions(instrumented: string, branches: readonly Branch[]): string {
  const spans = conditionsOf(instrumented);
  if (spans.length !== branches.length) throw new Error(`${branches.length} conditions became ${spans.length}`);
  const marks = spans.flatMap(({ start, end }, index) => {
    const [yes, no] = branches[index]!.tags;
    return [
      { at: start, text: "__Branches.way(" },
      { at: end, text: `, 0x${yes}, 0x${no})` },
    ];
  });
  // From the end on, so that no position moves; of those at one place, the one that opens goes outside.
  const ordered = marks.map((mark, index) => ({ ...mark, index })).sort((a, b) => b.at - a.at || b.index - a.index);
  const wrapped = ordered.reduce((text, { at, text: mark }) => text.slice(0, at) + mark + text.slice(at), instrumented);
  return `${wrapped}\nimport "${LIBRARY_FILE}";\n`;
}
