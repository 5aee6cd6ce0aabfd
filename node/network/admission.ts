import type { ConnectionGater, MultiaddrConnection, PeerId } from "@libp2p/interface";
import type { Address } from "../core/bytes.ts";
import type { Admissions } from "./admissions.ts";
import { operatorOf } from "./identity.ts";
import type { Traffic } from "./traffic.ts";

/**
 * libp2p's hooks: every connection is counted, and none goes on after the handshake has shown who is at the other end unless that
 * operator may connect. Strangers are not dialled, and neither relayed nor met through a relay.
 * @param onHandshake called for an outbound connection that this side admits; what fails after it failed at the other side
 */
export function connectionGater(
  admissions: Admissions,
  traffic: Traffic,
  onHandshake: (peer: PeerId) => void,
): ConnectionGater {
  const asks = async (peer: PeerId, ask: (operator: Address) => Promise<boolean>): Promise<boolean> => {
    try {
      return await ask(operatorOf(peer));
    } catch {
      return false; // not a secp256k1 key
    }
  };
  const isMember = (peer: PeerId): Promise<boolean> => asks(peer, (operator) => admissions.isMember(operator));
  const count = (connection: MultiaddrConnection): boolean => {
    traffic.add(connection);
    return false;
  };
  return {
    // libp2p's default refuses to dial private addresses in browsers only; say plainly that all may be dialled.
    denyDialMultiaddr: () => false,
    denyInboundConnection: count,
    denyOutboundConnection: (_peer, connection) => count(connection),
    denyInboundEncryptedConnection: async (peer) => !(await asks(peer, (operator) => admissions.mayEnter(operator))),
    async denyOutboundEncryptedConnection(peer) {
      const admitted = await isMember(peer);
      if (admitted) onHandshake(peer);
      return !admitted;
    },
    denyInboundRelayReservation: async (source) => !(await isMember(source)),
    denyOutboundRelayedConnection: async (source, destination) =>
      !(await isMember(source)) || !(await isMember(destination)),
    denyInboundRelayedConnection: async (relay, remote) => !(await isMember(relay)) || !(await isMember(remote)),
  };
}
