import type { Host, Network, NetworkOptions } from "./network.ts";

/** A job on a host of its own, which stops with it. */
export async function followAlone(host: Host, options: NetworkOptions): Promise<Network> {
  const network = await host.follow(options);
  return {
    self: network.self,
    contacts: () => network.contacts(),
    connect: (contacts) => network.connect(contacts),
    peers: () => network.peers(),
    setFormer: (operators) => network.setFormer(operators),
    locate: (operators, announced) => network.locate(operators, announced),
    publish: (message) => network.publish(message),
    fetchBlob: (shape, holders, signal) => network.fetchBlob(shape, holders, signal),
    counters: () => network.counters(),
    async stop() {
      await network.stop();
      await host.stop();
    },
  };
}
