#!/usr/bin/env node
import { enableCompileCache } from "node:module";

/**
 * The entry of `paceline`. What Node has compiled once it keeps in the system's temporary folder (NODE_COMPILE_CACHE names another): later starts
 * are faster and smaller. Therefore nothing else may be imported before.
 */
enableCompileCache();
await import("./run.ts");
