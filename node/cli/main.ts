#!/usr/bin/env -S node --max-semi-space-size=2 --v8-pool-size=1
import { enableCompileCache } from "node:module";

/**
 * The entry of `paceline`. What Node has compiled once it keeps in the system's temporary folder (NODE_COMPILE_CACHE names another): later starts
 * are faster and smaller. Therefore nothing else may be imported before.
 */
enableCompileCache();
await import("./run.ts");
