import type { Address } from "../core/bytes.ts";
import type { JobDomain } from "../core/encoding.ts";
import { decodeMessage, judgeMessage, signerOf, type PeerMessage } from "../protocol/messages.ts";
import type { MessageFault } from "../protocol/validators.ts";

/**
 * Judges messages for many peers. What a message says and who signed it follow from its bytes, so that they are worked out for the first
 * peer that it comes to; whether it fits what a peer has seen of the chain, each decides for itself.
 * @param onRejected is told why a peer has rejected a message
 */
export function createSharedJudge(onRejected: (code: MessageFault) => void): typeof judgeMessage {
  const read = new WeakMap<Uint8Array, Read>();
  let current: Read = { message: undefined, author: undefined, isSigned: undefined };
  const decode = (data: Uint8Array): PeerMessage | undefined => {
    const known = read.get(data);
    current = known ?? { message: decodeMessage(data), author: undefined, isSigned: undefined };
    if (known === undefined) read.set(data, current);
    return current.message;
  };
  /** Of the message that was decoded just before. */
  const signer = (domain: JobDomain, message: PeerMessage): Address | undefined => {
    current.isSigned ??= (current.author = signerOf(domain, message)) !== undefined;
    return current.author;
  };
  return (data, surroundings) => {
    const judgement = judgeMessage(data, surroundings, { decode, signer });
    if (judgement.verdict === "rejected") onRejected(judgement.code);
    return judgement;
  };
}

interface Read {
  readonly message: PeerMessage | undefined;
  author: Address | undefined;
  /** Undefined until somebody has asked. */
  isSigned: boolean | undefined;
}
