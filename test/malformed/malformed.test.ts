import { describeMalformed } from "./suite.ts";

// What `npm run -s test:malformed` feeds is forty times as much.
describeMalformed(250);
