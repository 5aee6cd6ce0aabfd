import { describeMalformed } from "./suite.ts";

// A tenth of what `npm run -s test:malformed` feeds.
describeMalformed(1_000);
