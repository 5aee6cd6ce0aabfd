import { describeMalformed } from "./suite.ts";

describeMalformed(10_000);
