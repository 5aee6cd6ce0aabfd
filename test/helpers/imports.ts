import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import ts from "typescript";

/** One import, export-from or dynamic import of a module. */
export interface Import {
  readonly from: string;
  /** Path from the repository's root for a file of ours, else the specifier as written. */
  readonly to: string;
  readonly typeOnly: boolean;
}

const ROOT = path.resolve(import.meta.dirname, "../..");

/** TypeScript files under `folder`, as paths from the repository's root with forward slashes, sorted. */
export function sourceFiles(folder: string): string[] {
  return readdirSync(path.join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => path.posix.join(folder, name.replaceAll("\\", "/")))
    .sort();
}

export function parse(file: string): ts.SourceFile {
  return ts.createSourceFile(file, readFileSync(path.join(ROOT, file), "utf8"), ts.ScriptTarget.Latest, true);
}

export function visit(node: ts.Node, look: (node: ts.Node) => void): void {
  look(node);
  ts.forEachChild(node, (child) => visit(child, look));
}

function specifierOf(node: ts.Node): ts.Expression | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier;
  const dynamic = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword;
  return dynamic ? node.arguments[0] : undefined;
}

function isTypeOnly(node: ts.Node): boolean {
  if (ts.isImportDeclaration(node)) return node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
  return ts.isExportDeclaration(node) && node.isTypeOnly;
}

export function importsOf(file: string): Import[] {
  const found: Import[] = [];
  visit(parse(file), (node) => {
    const specifier = specifierOf(node);
    if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return;
    const local = specifier.text.startsWith(".");
    const to = local ? path.posix.normalize(path.posix.join(path.posix.dirname(file), specifier.text)) : specifier.text;
    found.push({ from: file, to, typeOnly: isTypeOnly(node) });
  });
  return found;
}
