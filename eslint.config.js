import js from "@eslint/js";
import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";

export default defineConfig(
  globalIgnores(["node_modules/", "artifacts/", "cache/", "coverage/", "ignition/deployments/", "node/chain/abi.ts"]),
  { files: ["**/*.js", "**/*.mjs"], ...js.configs.recommended, languageOptions: { globals: { process: "readonly" } } },
  {
    files: ["**/*.ts"],
    extends: [js.configs.recommended, tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      // Numbers and bigints read well in messages; what must not slip in is an object or undefined.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      // It takes away assertions that the type checker needs where a type parameter is inferred from the argument.
      "@typescript-eslint/no-unnecessary-type-assertion": "off",
      // TypeScript does not see that a callback, or an await, changes a flag: the rule would call such checks needless.
      "@typescript-eslint/no-unnecessary-condition": "off",
      // `return void f()` and `(x) => f(x)` are how callbacks that return nothing are written here.
      "@typescript-eslint/no-confusing-void-expression": "off",
      "@typescript-eslint/no-meaningless-void-operator": "off",
      // ethers' and libp2p's classes carry structurally typed instances across their boundaries.
      "@typescript-eslint/no-unsafe-class-instance-assignment": "off",
      // Where the index is known to be in range, `!` says so; a check that cannot fail would only hide that.
      "@typescript-eslint/no-non-null-assertion": "off",
      // In-memory twins implement asynchronous ports without awaiting anything.
      "@typescript-eslint/require-await": "off",
      // `readVectors<Case>(file)` names the shape of what it reads: used once in the signature, and worth it.
      "@typescript-eslint/no-unnecessary-type-parameters": "off",
      eqeqeq: "error",
      "prefer-const": "error",
    },
  },
  {
    files: ["test/**/*.ts"],
    rules: {
      // chai's assertions are property reads.
      "@typescript-eslint/no-unused-expressions": "off",
      "@typescript-eslint/unbound-method": "off",
    },
  },
);
