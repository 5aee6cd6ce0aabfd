import { until } from "../../helpers/until.ts";
import { bytesOf, World } from "../world.ts";

/**
 * Runs in a network namespace where public addresses are this machine's, for libp2p punches no holes to private ones: a peer without an
 * address is dialled through a relay, and dials back directly. Prints what came of it as JSON.
 */
const world = new World();
const relay = await world.join(1, { listen: ["/ip4/44.1.1.1/tcp/4001"], relayOthers: true });
const target = await world.join(2, { listen: [], relays: relay.network.contacts() });
await until(() => target.network.contacts().length > 0);
const dialler = await world.join(3, { listen: ["/ip4/44.1.1.3/tcp/4001"] });
await dialler.network.connect(target.network.contacts());

interface Connections {
  readonly node: { getConnections(): readonly { readonly remoteAddr: { toString(): string } }[] };
}
const addressesOf = (host: unknown): string[] =>
  (host as Connections).node.getConnections().map(({ remoteAddr }) => remoteAddr.toString());
const ofDialler = (): string[] =>
  addressesOf(target.host).filter((address) => !address.startsWith("/ip4/44.1.1.1/tcp"));
await until(
  () => ofDialler().length === 1 && addressesOf(dialler.host).every((address) => !address.includes("p2p-circuit")),
);
const direct = ofDialler();
await relay.host.stop();
await until(() => dialler.network.peers().includes(target.network.self));
await dialler.network.publish(bytesOf("there"));
await target.network.publish(bytesOf("back"));
await until(() => target.received.length === 1 && dialler.received.length === 1);
process.stdout.write(JSON.stringify({ direct, heard: [target.received, dialler.received] }));
await world.stop();
