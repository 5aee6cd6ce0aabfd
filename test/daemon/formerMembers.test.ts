import { expect } from "chai";
import { describe, it } from "mocha";
import type { Address } from "../../node/core/bytes.ts";
import type { Member, RoundView } from "../../node/core/roundView.ts";
import { formerOperators, watchFormerMembers } from "../../node/daemon/peers/formerMembers.ts";
import type { Network } from "../../node/network/network.ts";

const addressOf = (id: number): Address => `0x${String(id).padStart(40, "0")}`;
const member = (id: number, changes: Partial<Member> = {}): Member => ({
  operator: addressOf(id),
  wallet: addressOf(100 + id),
  trailingScore: 0,
  suspendedUntil: 0,
  weight: 5,
  credit: 0n,
  active: true,
  ejected: false,
  ...changes,
});
const view = (round: number, cohort: readonly number[], seats: readonly number[]): RoundView =>
  ({ round, cohort, seats }) as unknown as RoundView;
const GONE = { active: false, weight: 0 };
const EJECTED = { ejected: true, weight: 0 };

describe("the former members of a job", () => {
  it("are those ejected, and those gone once nothing is asked of them any more", () => {
    const members = [member(0), member(1, EJECTED), member(2, GONE), member(3, GONE), member(4, GONE)];
    expect(formerOperators(view(7, [0, 1, 3], [4]), members)).to.deep.equal([addressOf(2)]);
    expect(formerOperators(view(8, [0], [0]), members)).to.deep.equal([1, 2, 3, 4].map(addressOf));
  });

  it("are not those ejected as long as a round counts on them", () => {
    const members = [member(0, EJECTED), member(1, EJECTED), member(2, { ejected: true }), member(3, EJECTED)];
    expect(formerOperators(view(7, [0], [1]), members)).to.deep.equal([addressOf(3)]);
    expect(formerOperators(view(8, [2], []), members)).to.deep.equal([0, 1, 3].map(addressOf));
  });

  it("are not those that wait to leave, are suspended, or have joined again", () => {
    const leaving = member(0, { active: false });
    const suspended = member(1, { weight: 0, suspendedUntil: 9 });
    const again = [member(2, GONE), member(2)];
    expect(formerOperators(view(7, [], []), [leaving, suspended, ...again])).to.deep.equal([]);
  });

  it("are told to the network when they, or members' operators, have changed", () => {
    const told: (readonly Address[])[] = [];
    const tell = watchFormerMembers({
      setFormer: (former: readonly Address[]) => told.push(former),
    } as unknown as Network);
    tell(view(1, [], []), [member(0), member(1)]);
    tell(view(1, [], []), [member(0), member(1)]);
    tell(view(1, [], []), [member(0), member(1, EJECTED)]);
    tell(view(2, [], []), [member(0), member(1, EJECTED)]);
    tell(view(3, [], []), [member(8), member(1, EJECTED)]);
    expect(told).to.deep.equal([[], [addressOf(1)], [addressOf(1)]]);
  });
});
