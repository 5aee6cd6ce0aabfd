import { expect } from "chai";
import { describe, it } from "mocha";
import type { JobChain } from "../../node/chain/chain.ts";
import type { Address } from "../../node/core/bytes.ts";
import { PacelineError } from "../../node/core/errors.ts";
import type { Member } from "../../node/core/roundView.ts";
import { createLog, type Log } from "../../node/daemon/log.ts";
import { takeOverOperator } from "../../node/daemon/account/ownOperator.ts";
import { watchStanding } from "../../node/daemon/standing.ts";
import type { PeerState } from "../../node/protocol/state.ts";

const OPERATOR: Address = `0x${"0a".repeat(20)}`;
const OLD: Address = `0x${"0b".repeat(20)}`;
const WALLET: Address = `0x${"0c".repeat(20)}`;

function logged(): { log: Log; events: () => string[] } {
  const lines: string[] = [];
  const log = createLog({ json: true, write: (line) => lines.push(line), now: () => 0 });
  return { log, events: () => lines.map((line) => (JSON.parse(line) as { event: string }).event) };
}

const member = (change: Partial<Member> = {}): Member => ({
  operator: OPERATOR,
  wallet: WALLET,
  trailingScore: 0,
  suspendedUntil: 0,
  weight: 1,
  credit: 0n,
  active: true,
  ejected: false,
  ...change,
});

describe("a daemon's own standing", () => {
  const stateWith = (own: Member | undefined): PeerState =>
    ({
      settings: { operator: OPERATOR },
      members: own === undefined ? [] : [member({ operator: OLD }), own],
    }) as unknown as PeerState;

  it("is told once when it changes: suspended, back, ejected", () => {
    const { log, events } = logged();
    const look = watchStanding(log);
    const views = [undefined, member(), member({ suspendedUntil: 4 }), member({ suspendedUntil: 4, credit: 9n })];
    for (const own of [...views, member(), member({ ejected: true }), member({ ejected: true, weight: 0 })]) {
      look(stateWith(own));
    }
    expect(events()).to.deep.equal(["suspended", "resumed", "ejected"]);
  });

  it("is told at the start where it is ejected already", () => {
    const { log, events } = logged();
    watchStanding(log)(stateWith(member({ ejected: true })));
    expect(events()).to.deep.equal(["ejected"]);
  });
});

describe("a key that a wallet has rotated to", () => {
  function chainWith(operator: Address, refresh: () => Promise<void> = () => Promise.resolve()): [JobChain, number[]] {
    const refreshed: number[] = [];
    const chain = {
      operator: OPERATOR,
      snapshot: () => Promise.resolve({ members: [member({ wallet: OLD }), member({ operator })] }),
      refreshOperator: (memberId: number) => {
        refreshed.push(memberId);
        return refresh();
      },
    } as unknown as JobChain;
    return [chain, refreshed];
  }

  it("is told to the job that still has the one before", async () => {
    const { log, events } = logged();
    const [chain, refreshed] = chainWith(OLD);
    await takeOverOperator(chain, WALLET, log);
    expect(refreshed).to.deep.equal([1]);
    expect(events()).to.deep.equal(["operator"]);
  });

  it("is told to no job that has it, or that its wallet has not joined", async () => {
    const { log, events } = logged();
    const [known, first] = chainWith(OPERATOR);
    await takeOverOperator(known, WALLET, log);
    const [stranger, second] = chainWith(OLD);
    await takeOverOperator(stranger, `0x${"0d".repeat(20)}`, log);
    await takeOverOperator(stranger, undefined, log);
    expect([first, second, events()]).to.deep.equal([[], [], []]);
  });

  it("is no reason to stop where it was told already, or cannot be told", async () => {
    const unchanged = new PacelineError("rejected", "unchanged", { error: "OperatorUnchanged" });
    const { log, events } = logged();
    await takeOverOperator(chainWith(OLD, () => Promise.reject(unchanged))[0], WALLET, log);
    expect(events()).to.deep.equal([]);
    const poor = new PacelineError("insufficient-funds", "no coin");
    await takeOverOperator(chainWith(OLD, () => Promise.reject(poor))[0], WALLET, log);
    expect(events()).to.deep.equal(["problem"]);
  });
});
