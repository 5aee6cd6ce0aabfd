import { createLibp2pHost } from "../../node/network/libp2p.ts";
import { MemoryHub } from "../../node/network/memory.ts";
import { describeNetworkConformance } from "./network.ts";

describeNetworkConformance("memory network", () => {
  const hub = new MemoryHub();
  return async (options) => hub.host(options);
});

describeNetworkConformance(
  "libp2p network",
  () => (options) => createLibp2pHost({ ...options, listen: ["/ip4/127.0.0.1/tcp/0"] }),
);
