import { RpcRequestError } from "viem";
import { MalformedAnswerError } from "./answers.ts";

/** The error that a JSON-RPC answer carries. */
export function toRpcError(error: unknown, body: object, method: string, name: string): Error {
  const { code, message, data } = (typeof error === "object" && error !== null ? error : {}) as Record<string, unknown>;
  if (typeof code !== "number" || typeof message !== "string") {
    return new MalformedAnswerError(method, name, "its error has no code or no message");
  }
  return new RpcRequestError({ body: { ...body }, error: { code, message, data }, url: name });
}
