import { keccakWords, toHex } from "../../../node/core/bytes.ts";
import { compactSignature, expandSignature, recoverSigner } from "../../../node/core/signature.ts";
import type { SignedStruct } from "../../../node/core/typedData.ts";
import { encodeCopy, validateWith } from "../../../node/network/gossip.ts";
import { libp2pKeyOf } from "../../../node/network/identity.ts";
import { Judge } from "../../../node/network/judge.ts";
import { decodeTalk, encodeTalk, isAttested, type Certificate } from "../../../node/protocol/checkpoint.ts";
import { decodeMessage, encodeMessage, judgeMessage } from "../../../node/protocol/messages.ts";
import { peerIdFromPrivateKey } from "@libp2p/peer-id";
import { TopicValidatorResult } from "@libp2p/gossipsub";
import {
  attestationOf,
  bitmapOf,
  commitOf,
  domain,
  keys,
  MODEL,
  members,
  openingOf,
  operators,
  peer,
  SEED,
  scoreCommitOf,
  scoreOpeningOf,
  SEATS,
  sign,
  viewIn,
} from "../../protocol/situation.ts";
import { bytesOf, textOf, type Decoder } from "../decoder.ts";

const checkpoint = { round: 4, seed: SEED, modelId: MODEL, updates: 8, checkpointRoot: keccakWords(90) };
const EVERY_TYPE: readonly SignedStruct[] = [
  commitOf(1),
  openingOf(1),
  bitmapOf(1, 0b10101n),
  attestationOf(),
  scoreCommitOf(1),
  scoreOpeningOf(1),
  { type: "Checkpoint", ...checkpoint },
];
const messages = EVERY_TYPE.map((body) => encodeMessage(sign(1, body), 7));
const from = operators[5]!;
const surroundings = { domain, view: viewIn("commit"), members, from };
const isAccepted = (data: Uint8Array): boolean => judgeMessage(data, surroundings).verdict === "accepted";

/** What a member who means harm can say: its own signature over whatever is still a message, in every phase. */
function signedAnew(): (input: Uint8Array) => boolean {
  const PHASES = ["commit", "share", "propose", "challenge", "score"] as const;
  const rounds = PHASES.map((phase) => ({
    view: viewIn(phase),
    round: peer(1).after({ type: "view", view: viewIn(phase), members, demands: [] }),
  }));
  const before = rounds.map(({ round }) => round.state);
  let turn = 0;
  return (input) => {
    const body = decodeMessage(input)?.body;
    if (body === undefined) return false;
    turn++;
    const data = encodeMessage(sign(turn % members.length, body), turn);
    const place = turn % rounds.length;
    const { view, round } = rounds[place]!;
    const judged = judgeMessage(data, { domain, view, members, from });
    if (judged.verdict === "accepted") round.after({ type: "message", message: judged.message, author: judged.author });
    round.state = before[place]!;
    return true;
  };
}

function gossip(): (input: Uint8Array) => Promise<boolean> {
  let now = 0;
  const judge = new Judge(
    (data) => Promise.resolve(judgeMessage(data, surroundings).verdict),
    () => (now += 10),
  );
  const validate = validateWith(judge);
  const peerId = peerIdFromPrivateKey(libp2pKeyOf(keys[5]!));
  return async (data) => {
    const result = await validate(peerId, { type: "unsigned", topic: "paceline/test", data });
    return result === TopicValidatorResult.Accept;
  };
}

const certificate: Certificate = {
  ...checkpoint,
  signatures: SEATS.map((id) => sign(id, { type: "Checkpoint", ...checkpoint }).signature),
};
const seats = SEATS.map((id) => operators[id]!);
const DIGEST = new Uint8Array(32).fill(7);

export const messageDecoders: readonly Decoder[] = [
  {
    name: "decodeMessage",
    form: "json",
    samples: () => messages,
    feed: (input) => decodeMessage(input) !== undefined,
  },
  { name: "judgeMessage", form: "json", samples: () => messages, feed: isAccepted },
  {
    name: "judgeMessage and the round, for what a member signs",
    form: "json",
    samples: () => messages,
    feed: signedAnew(),
  },
  {
    name: "validateWith, for messages as they are on the wire",
    form: "bytes",
    samples: () => messages.map((message, copy) => encodeCopy(message, copy)),
    feed: gossip(),
  },
  {
    name: "decodeTalk, and the quorum of a certificate",
    form: "json",
    samples: () => [encodeTalk({ type: "wanted", updates: 8 }, 1), encodeTalk({ type: "held", certificate }, 2)],
    feed(input) {
      const talk = decodeTalk(input);
      return talk?.type === "held" ? isAttested(domain, talk.certificate, seats) : talk !== undefined;
    },
  },
  {
    name: "recoverSigner",
    form: "text",
    samples: () => [bytesOf(certificate.signatures[0]!)],
    feed: (input) => recoverSigner(DIGEST, textOf(input) as `0x${string}`) !== undefined,
  },
  {
    name: "compactSignature and expandSignature",
    form: "bytes",
    samples: () => certificate.signatures.map((signature) => Buffer.from(signature.slice(2), "hex")),
    feed(input) {
      const signature = toHex(input);
      return expandSignature(compactSignature(signature)) === signature;
    },
    codes: ["bad-argument"],
  },
];
