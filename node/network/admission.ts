import type { ConnectionGater, MultiaddrConnection, PeerId } from "@libp2p/interface";
import type { Address } from "../core/bytes.ts";
import { operatorOf } from "./identity.ts";
import type { Traffic } from "./traffic.ts";

/**
 * libp2p's hooks: every connection is counted, and none goes on after the noise handshake has shown who is at the other end unless
 * that operator may connect.
 * @param onHandshake called for an outbound connection that this side admits; what fails after it failed at the other side
 */
export function connectionGater(
  admits: (operator: Address) => Promise<boolean>,
  traffic: Traffic,
  onHandshake: (peer: PeerId) => void,
): ConnectionGater {
  const denies = async (peer: PeerId): Promise<boolean> => {
    try {
      return !(await admits(operatorOf(peer)));
    } catch {
      return true; // not a secp256k1 key
    }
  };
  const count = (connection: MultiaddrConnection): boolean => {
    traffic.add(connection);
    return false;
  };
  return {
    // libp2p's default refuses to dial private addresses in browsers only; say plainly that all may be dialled.
    denyDialMultiaddr: () => false,
    denyInboundConnection: count,
    denyOutboundConnection: (_peer, connection) => count(connection),
    denyInboundEncryptedConnection: denies,
    async denyOutboundEncryptedConnection(peer) {
      const denied = await denies(peer);
      if (!denied) onHandshake(peer);
      return denied;
    },
  };
}
