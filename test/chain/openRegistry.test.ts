import { expect } from "chai";
import { describe, it } from "mocha";
import { createPublicClient, custom } from "viem";
import type { Endpoint } from "../../node/chain/endpoint.ts";
import { isOpenRegistry } from "../../node/chain/openRegistry.ts";
import { rejectionOf } from "../helpers/errors.ts";

const REGISTRY = `0x${"12".repeat(20)}` as const;

/** An endpoint of which eth_call answers so. */
function endpoint(call: () => unknown): Endpoint {
  const request = async (): Promise<unknown> => call();
  return { client: createPublicClient({ transport: custom({ request }, { retryCount: 0 }) }) } as unknown as Endpoint;
}
const word = (value: number): string => `0x${value.toString(16).padStart(64, "0")}`;
const reverts = (): never => {
  throw Object.assign(new Error("execution reverted"), { code: 3, data: "0x" });
};

describe("whether a registry is open to anybody", () => {
  it("is so where it has no list: the question reverts, or comes back empty", async () => {
    expect(await isOpenRegistry(endpoint(reverts), REGISTRY)).to.equal(true);
    expect(
      await isOpenRegistry(
        endpoint(() => "0x"),
        REGISTRY,
      ),
    ).to.equal(true);
  });

  it("is not so where it keeps a list, whatever that says", async () => {
    for (const answer of [word(0), word(1)])
      expect(
        await isOpenRegistry(
          endpoint(() => answer),
          REGISTRY,
        ),
      ).to.equal(false);
  });

  it("is not known while no endpoint answers", async () => {
    const silent = (): never => {
      throw new Error("connection refused");
    };
    expect(await rejectionOf(isOpenRegistry(endpoint(silent), REGISTRY))).to.equal("chain-unreachable");
  });
});
