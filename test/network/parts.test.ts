import { generateKeyPair } from "@libp2p/crypto/keys";
import { TopicValidatorResult } from "@libp2p/gossipsub";
import type { PeerId } from "@libp2p/interface";
import { peerIdFromPrivateKey } from "@libp2p/peer-id";
import { expect } from "chai";
import { beforeEach, describe, it } from "mocha";
import type { Address } from "../../node/core/bytes.ts";
import { addressOfPrivateKey } from "../../node/core/signature.ts";
import { Admissions } from "../../node/network/admissions.ts";
import { SharedFetches } from "../../node/network/blobs/shared.ts";
import { Gate } from "../../node/network/gate.ts";
import { encodeCopy, MAX_COPIES, validateWith } from "../../node/network/gossip.ts";
import { libp2pKeyOf, operatorOf } from "../../node/network/identity.ts";
import { Judge } from "../../node/network/judge.ts";
import { MAX_MESSAGE_BYTES } from "../../node/network/network.ts";
import { codeOf, rejectionOf } from "../helpers/errors.ts";

const KEY = Uint8Array.from({ length: 32 }, (_, i) => i + 1);
const OPERATOR: Address = addressOfPrivateKey(KEY);
const peer: PeerId = peerIdFromPrivateKey(libp2pKeyOf(KEY));

describe("a peer's identity", () => {
  it("is its operator's key: the address follows from the PeerId", () => {
    expect(operatorOf(peer)).to.equal(OPERATOR);
    // Hardhat's first account, so that the derivation is held against a known pair.
    const hardhat = Buffer.from("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80", "hex");
    expect(operatorOf(peerIdFromPrivateKey(libp2pKeyOf(hardhat)))).to.equal(
      "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266",
    );
  });

  it("is refused for other key types and for bytes that are no key", async () => {
    const other = peerIdFromPrivateKey(await generateKeyPair("Ed25519"));
    expect(codeOf(() => operatorOf(other))).to.equal("bad-message");
    for (const bytes of [new Uint8Array(32), new Uint8Array(31).fill(1), new Uint8Array(32).fill(255)]) {
      expect(codeOf(() => libp2pKeyOf(bytes))).to.equal("bad-argument");
    }
  });
});

describe("the gate", () => {
  it("asks the registry once for concurrent and for recent questions, and again when the answer is old", async () => {
    let now = 0;
    let asked = 0;
    let answer = true;
    const gate = new Gate(
      async () => (asked++, answer),
      () => now,
    );
    expect(await Promise.all([gate.admits(OPERATOR), gate.admits(OPERATOR)])).to.deep.equal([true, true]);
    now = 29_999;
    expect(await gate.admits(OPERATOR)).to.equal(true);
    expect(asked).to.equal(1);
    now = 30_000;
    answer = false;
    expect(await gate.admits(OPERATOR)).to.equal(false);
    now = 31_999;
    answer = true;
    expect(await gate.admits(OPERATOR)).to.equal(false);
    now = 32_000;
    expect(await gate.admits(OPERATOR)).to.equal(true);
  });

  it("admits nobody while the registry fails, and does not remember that", async () => {
    let fails = true;
    const gate = new Gate(async () => {
      if (fails) throw new Error("no endpoint");
      return true;
    });
    expect(await gate.admits(OPERATOR)).to.equal(false);
    fails = false;
    expect(await gate.admits(OPERATOR)).to.equal(true);
  });

  describe("while the registry cannot be asked", () => {
    let now: number;
    let answer: boolean | undefined;
    let gate: Gate;
    beforeEach(() => {
      [now, answer] = [0, true];
      const ask = async (): Promise<boolean> => {
        if (answer === undefined) throw new Error("429");
        return answer;
      };
      gate = new Gate(ask, () => now);
    });
    const later = (next: boolean | undefined): Promise<boolean> => {
      now += 60_000;
      answer = next;
      return gate.admits(OPERATOR);
    };

    it("admits whom it knew when it last answered", async () => {
      expect(await later(true)).to.equal(true);
      expect(await later(undefined)).to.equal(true);
      gate.setFormer([]);
      expect(await gate.admits(OPERATOR)).to.equal(true);
      expect(await later(false)).to.equal(false);
      expect(await later(undefined)).to.equal(false);
    });

    it("admits nobody that members have named as a former one, until it answers again", async () => {
      expect(await later(true)).to.equal(true);
      gate.setFormer([OPERATOR]);
      expect(await later(undefined)).to.equal(false);
      gate.setFormer([]); // another operator serves that member now, or it has joined again
      expect(await later(undefined)).to.equal(false);
      expect(await later(true)).to.equal(true);
    });

    it("does not take an answer that was on its way for one about a member", async () => {
      const asking = later(true);
      gate.setFormer([OPERATOR]);
      expect(await asking).to.equal(false);
      gate.setFormer([]);
      expect(await later(undefined)).to.equal(false);
    });
  });

  it("asks about those that it never knew within a ration, but for those whom the host wants itself", async () => {
    let now = 0;
    const asked: Address[] = [];
    const gate = new Gate(
      async (operator) => asked.push(operator) % 2 === 1,
      () => now,
      () => false,
    );
    expect(await gate.admits(OPERATOR)).to.equal(false);
    expect(asked).to.deep.equal([]);
    expect(await gate.admits(OPERATOR, "ours")).to.equal(true);
    now = 60_000;
    expect(await gate.admits(OPERATOR)).to.equal(false);
    expect(asked).to.deep.equal([OPERATOR, OPERATOR]);
    now = 120_000;
    expect(await gate.admits(OPERATOR)).to.equal(false);
    expect(asked).to.have.length(2);
  });
});

describe("strangers", () => {
  const operators = Array.from({ length: 34 }, (_, i): Address => `0x${String(i).padStart(40, "0")}`);
  const newAdmissions = (): Admissions =>
    new Admissions(() => [{ gate: new Gate(async () => false), servesStrangers: true }]);

  it("count when they are connected, 32 of them", async () => {
    const admissions = newAdmissions();
    for (const operator of operators) expect(await admissions.mayEnter(operator)).to.equal(true);
    expect(operators.map((operator) => admissions.entered(operator))).to.deep.equal(operators.map((_, i) => i < 32));
    expect(await admissions.mayEnter(operators[0]!)).to.equal(true);
    expect(await admissions.mayEnter(operators[33]!)).to.equal(false);
    admissions.left(operators[0]!);
    expect(await admissions.mayEnter(operators[33]!)).to.equal(true);
  });

  it("are all that no registry is known to know, whatever they were before", () => {
    const admissions = newAdmissions();
    const [one] = operators as [Address];
    for (let connection = 0; connection < 2; connection++) {
      expect(admissions.entered(one)).to.equal(true);
      expect(admissions.isStranger(one)).to.equal(true);
      admissions.left(one);
    }
  });
});

describe("the gossip validator", () => {
  it("passes the message on without its copy number, and rejects what is empty, too long or copied too often", async () => {
    const judged: string[] = [];
    const validate = validateWith(
      new Judge(async (message, from) => (judged.push(`${message.length} from ${from}`), "accepted")),
    );
    const verdictOf = (data: Uint8Array) => validate(peer, { type: "unsigned", topic: "t", data });
    expect(await verdictOf(encodeCopy(new Uint8Array(MAX_MESSAGE_BYTES), 0))).to.equal(TopicValidatorResult.Accept);
    expect(await verdictOf(encodeCopy(new Uint8Array(5), MAX_COPIES - 1))).to.equal(TopicValidatorResult.Accept);
    expect(await verdictOf(encodeCopy(new Uint8Array(5), 1))).to.equal(TopicValidatorResult.Accept);
    expect(await verdictOf(encodeCopy(new Uint8Array(MAX_MESSAGE_BYTES + 1), 0))).to.equal(TopicValidatorResult.Reject);
    expect(await verdictOf(encodeCopy(new Uint8Array(5), MAX_COPIES))).to.equal(TopicValidatorResult.Reject);
    expect(await verdictOf(new Uint8Array(0))).to.equal(TopicValidatorResult.Reject);
    expect(judged).to.deep.equal([`${MAX_MESSAGE_BYTES} from ${OPERATOR}`, `5 from ${OPERATOR}`]);
  });
});

describe("shared fetches", () => {
  const NEVER = new AbortController().signal;

  it("end the transfer when the last caller has left, and nobody joins one that is ending", async () => {
    const fetches = new SharedFetches();
    const signals: AbortSignal[] = [];
    const start = (signal: AbortSignal): Promise<Uint8Array> => (signals.push(signal), new Promise(() => undefined));
    const [one, two] = [new AbortController(), new AbortController()];
    const first = rejectionOf(fetches.fetch("k", start, one.signal));
    const second = rejectionOf(fetches.fetch("k", start, two.signal));
    one.abort();
    expect(await first).to.equal("closed");
    expect(signals.map(({ aborted }) => aborted)).to.deep.equal([false]);
    two.abort();
    void fetches.fetch("k", start, NEVER);
    expect(await second).to.equal("closed");
    expect(signals.map(({ aborted }) => aborted)).to.deep.equal([true, false]);
  });

  it("let a caller try its own way when the transfer it joined fails", async () => {
    const fetches = new SharedFetches();
    const failing = rejectionOf(
      fetches.fetch("k", () => Promise.reject(new RangeError("x")), NEVER).catch(() => undefined) as Promise<unknown>,
    );
    const joined = await fetches.fetch("k", async () => Uint8Array.of(7), NEVER);
    expect([...joined]).to.deep.equal([7]);
    expect(await failing).to.equal("none");
  });
});
