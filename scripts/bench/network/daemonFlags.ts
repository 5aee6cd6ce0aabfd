import manifest from "../../../package.json" with { type: "json" };

/** How `npm run paceline` starts Node. */
export const DAEMON_FLAGS: string[] = manifest.scripts.paceline.split(" ").filter((word) => word.startsWith("--"));
