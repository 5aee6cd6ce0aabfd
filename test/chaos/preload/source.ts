// Loaded into a daemon by `node --import`: its connections to this machine come from PACELINE_TEST_SOURCE, an address of the
// loopback network (127.0.0.0/8), so that whoever accepts them knows whose they are.
import { Socket, type SocketConnectOpts, type TcpSocketConnectOpts } from "node:net";

const source = process.env.PACELINE_TEST_SOURCE;
type Connect = (this: Socket, ...args: unknown[]) => Socket;
const connect = Socket.prototype.connect as Connect;

Socket.prototype.connect = function (this: Socket, ...args: unknown[]) {
  const [first] = args;
  // net.connect() normalises its arguments to an array.
  const options = (Array.isArray(first) ? first[0] : first) as SocketConnectOpts | undefined;
  if (source !== undefined && isToThisMachine(options)) options.localAddress ??= source;
  return connect.apply(this, args);
};

function isToThisMachine(options: SocketConnectOpts | undefined): options is TcpSocketConnectOpts {
  return (
    typeof options === "object" &&
    "port" in options &&
    typeof options.host === "string" &&
    options.host.startsWith("127.")
  );
}
