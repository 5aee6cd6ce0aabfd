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
  const messages = new WeakMap<Uint8Array, { readonly message: PeerMessage | undefined }>();
  const signers = new WeakMap<PeerMessage, { readonly author: Address | undefined }>();
  const decode = (data: Uint8Array): PeerMessage | undefined => {
    const known = messages.get(data) ?? { message: decodeMessage(data) };
    messages.set(data, known);
    return known.message;
  };
  const signer = (domain: JobDomain, message: PeerMessage): Address | undefined => {
    const known = signers.get(message) ?? { author: signerOf(domain, message) };
    signers.set(message, known);
    return known.author;
  };
  return (data, surroundings) => {
    const judgement = judgeMessage(data, surroundings, { decode, signer });
    if (judgement.verdict === "rejected") onRejected(judgement.code);
    return judgement;
  };
}
