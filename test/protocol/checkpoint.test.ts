import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { keccakWords } from "../../node/core/bytes.ts";
import type { SignedStruct } from "../../node/core/typedData.ts";
import {
  decodeTalk,
  encodeTalk,
  isAttested,
  isCheckpointDue,
  type Certificate,
  type CheckpointTalk,
} from "../../node/protocol/checkpoint.ts";
import { judgeMessage, encodeMessage } from "../../node/protocol/messages.ts";
import type { PeerEvent } from "../../node/protocol/events.ts";
import { SEEDED } from "../helpers/seeded.ts";
import { domain, members, operators, peer, said, see, SEATS, SEED, sign, viewIn, type Situation } from "./situation.ts";

const NEXT_MODEL = keccakWords(43);
const ROOT = keccakWords(44);
const after = viewIn("draw", { round: 5, modelId: NEXT_MODEL });
const CHECKPOINT = { round: 4, seed: SEED, modelId: NEXT_MODEL, updates: 24, checkpointRoot: ROOT };
const checkpoint = (change: Partial<typeof CHECKPOINT> = {}): SignedStruct => ({
  type: "Checkpoint",
  ...CHECKPOINT,
  ...change,
});
const holds = (updates = 24, checkpointRoot = ROOT): PeerEvent[] => [
  { type: "model", modelId: NEXT_MODEL },
  { type: "saved", saved: { modelId: NEXT_MODEL, updates, checkpointRoot } },
];
/** Member `id` as it has seen round 4 settle, and holds the model after it. */
const settledFor = (id: number, ...events: PeerEvent[]): Situation =>
  peer(id).after(see(viewIn("score")), see(after), ...holds(), ...events);

describe("a checkpoint after every eighth settled round", () => {
  it("is due after 8, 16, 24 and none in between", () => {
    expect([0, 1, 7, 8, 9, 16, 24, 25].filter(isCheckpointDue)).to.deep.equal([8, 16, 24]);
  });

  it("is signed by every seat of the round, and by nobody else", () => {
    for (const id of [0, 1, 2, 3, 4, 5]) {
      const { types } = settledFor(id);
      expect(types.includes("publish Checkpoint"), `member ${id}`).to.equal(SEATS.includes(id));
    }
    expect(settledFor(3).only("publish").body).to.deep.equal(checkpoint());
  });

  it("is signed by nobody after another count of rounds, or before the seat holds the model", () => {
    const other = peer(3).after(see(viewIn("score")), see(after), ...holds(25));
    const early = peer(3).after(see(viewIn("score")), see(after));
    expect([...other.types, ...early.types]).not.to.include("publish Checkpoint");
  });

  it("is signed after the job's last round as well, and not by who has not seen the round", () => {
    const last = viewIn("finished", { modelId: NEXT_MODEL });
    expect(peer(3).after(see(viewIn("score")), see(last), ...holds()).types).to.include("publish Checkpoint");
    const away = viewIn("draw", { round: 7, modelId: NEXT_MODEL });
    expect(peer(3).after(see(viewIn("score")), see(away), ...holds()).types).not.to.include("publish Checkpoint");
  });

  it("is kept with a quorum's signatures by everybody who holds the same, once", () => {
    const four = SEATS.map((id) => said(id, checkpoint()));
    const situation = settledFor(0, ...four.slice(0, 2));
    expect(situation.types).not.to.include("keepCheckpoint");
    const { certificate } = situation.after(four[3]!).only("keepCheckpoint");
    const { signatures, ...what } = certificate;
    expect(what).to.deep.equal(CHECKPOINT);
    expect(signatures).to.deep.equal([SEATS[0]!, SEATS[1]!, SEATS[3]!].map((id) => sign(id, checkpoint()).signature));
    const seats = SEATS.map((id) => operators[id]!);
    expect(isAttested(domain, certificate, seats)).to.equal(true);
    const kept = situation.after(four[3]!, { type: "attested", modelId: NEXT_MODEL, signatures: 3 });
    expect(kept.types).to.deep.equal([]);
  });

  it("is kept with every further signature, for a key may be out of force when a newcomer counts", () => {
    const kept = settledFor(0, ...SEATS.slice(0, 3).map((id) => said(id, checkpoint())), {
      type: "attested",
      modelId: NEXT_MODEL,
      signatures: 3,
    });
    const { signatures } = kept.after(said(SEATS[3]!, checkpoint())).only("keepCheckpoint").certificate;
    expect(signatures).to.deep.equal(SEATS.map((id) => sign(id, checkpoint()).signature));
  });

  it("is kept by nobody for what others say of another checkpoint, twice, or without a seat", () => {
    const others = SEATS.slice(1).map((id) => said(id, checkpoint({ checkpointRoot: keccakWords(45) })));
    const counts = SEATS.map((id) => said(id, checkpoint({ updates: 32 })));
    const strangers = [0, 2].map((id) => said(id, checkpoint()));
    const twice = [said(3, checkpoint()), said(3, checkpoint())];
    for (const events of [others, counts, [...strangers, ...twice]]) {
      expect(settledFor(0, ...events).types).not.to.include("keepCheckpoint");
    }
  });

  it("counts what a seat says before this peer has seen the round settle", () => {
    const early = SEATS.slice(0, 3).map((id) => said(id, checkpoint()));
    const situation = peer(0).after(see(viewIn("score")), ...early, see(after), ...holds());
    expect(situation.types).to.include("keepCheckpoint");
  });

  it("is said again until there is a quorum, and once by a seat without which there is one", () => {
    const situation = settledFor(3);
    expect(situation.at(200).types).to.include("publish Checkpoint");
    const others = SEATS.filter((id) => id !== 3).map((id) => said(id, checkpoint()));
    const attested = { type: "attested", modelId: NEXT_MODEL, signatures: 3 } as const;
    const last = peer(3).after(see(viewIn("score")), see(after), ...others, ...holds(), attested);
    expect(last.types).to.include("publish Checkpoint");
    expect(last.after(said(3, checkpoint())).at(200).types).not.to.include("publish Checkpoint");
  });

  it("is heard of for a few rounds after its own", () => {
    const data = encodeMessage(sign(3, checkpoint()), 1);
    const verdictIn = (round: number): string =>
      judgeMessage(data, { domain, view: viewIn("share", { round }), members, from: operators[0]! }).verdict;
    expect([3, 4, 5, 8, 9].map(verdictIn)).to.deep.equal(["accepted", "accepted", "accepted", "accepted", "ignored"]);
  });
});

describe("a quorum's word for a checkpoint", () => {
  const certificate = (...signers: number[]): Certificate => ({
    ...CHECKPOINT,
    signatures: signers.map((id) => sign(id, checkpoint()).signature),
  });
  const seats = SEATS.map((id) => operators[id]!);

  it("takes two thirds of the seats, each once", () => {
    expect(isAttested(domain, certificate(3, 1, 4), seats)).to.equal(true);
    expect(isAttested(domain, certificate(3, 1), seats)).to.equal(false);
    expect(isAttested(domain, certificate(3, 3, 1), seats)).to.equal(false);
    expect(isAttested(domain, certificate(3, 1, 0, 2), seats)).to.equal(false);
    expect(isAttested(domain, { ...certificate(3, 1, 4), updates: 25 }, seats)).to.equal(false);
    expect(isAttested({ ...domain, chainId: 1 }, certificate(3, 1, 4), seats)).to.equal(false);
    expect(isAttested(domain, { ...CHECKPOINT, signatures: [] }, [])).to.equal(false);
  });

  it("outlasts a signer's key as long as a quorum of keys is in force", () => {
    const now = seats.with(0, operators[0]!);
    expect(isAttested(domain, certificate(...SEATS), now)).to.equal(true);
    expect(isAttested(domain, certificate(...SEATS.slice(0, 3)), now)).to.equal(false);
  });

  it("comes back from the wire as it was, with all signatures of the largest committee", () => {
    const { signature } = sign(3, checkpoint());
    const talks: CheckpointTalk[] = [
      { type: "wanted", updates: 0xffffffff },
      { type: "held", certificate: { ...CHECKPOINT, signatures: Array<typeof signature>(32).fill(signature) } },
    ];
    for (const talk of talks) expect(decodeTalk(encodeTalk(talk, 7))).to.deep.equal(talk);
  });

  it("is nothing else, whatever the bytes", () => {
    expect(decodeTalk(encodeMessage(sign(3, checkpoint()), 1))).to.equal(undefined);
    expect(
      judgeMessage(encodeTalk({ type: "wanted", updates: 1 }, 1), {
        domain,
        view: undefined,
        members: [],
        from: operators[0]!,
      }).verdict,
    ).to.equal("rejected");
    const text = new TextDecoder().decode(encodeTalk({ type: "held", certificate: certificate(3, 1, 4) }, 7));
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.string({ maxLength: 4 }), fc.nat(8), (at, put, cut) => {
        const changed = text.slice(0, at) + put + text.slice(at + cut);
        const talk = decodeTalk(new TextEncoder().encode(changed));
        if (talk?.type === "held") expect(talk.certificate.signatures.length).to.be.within(1, 32);
        if (talk?.type === "wanted") expect(talk.updates).to.be.within(0, 0xffffffff);
      }),
      { ...SEEDED, numRuns: 2000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5000 }), (data) => decodeTalk(data) === undefined),
      SEEDED,
    );
  });
});
