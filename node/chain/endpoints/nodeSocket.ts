import { SocketClosedError, TimeoutError } from "viem";
import { toRpcError } from "./rpcError.ts";
import { shownUrl } from "./url.ts";

/**
 * A JSON-RPC WebSocket that is opened anew whenever it breaks, and then subscribes again. viem's own stops for ever when its
 * first attempt to reconnect fails, so that an endpoint's restart would leave a daemon deaf.
 */
export interface NodeSocket {
  /** Opens the socket where none is. Throws viem's errors; a broken socket is SocketClosedError. */
  request(call: { readonly method: string; readonly params?: unknown }): Promise<unknown>;
  /** Calls back for each new block, and after each reconnection. @returns stops */
  onBlock(listener: () => void, onError: (error: Error) => void): () => void;
  close(): void;
}

/** Between attempts to open the socket again. */
const RETRY_MS = 1_000;
/**
 * A socket is asked for the newest block this often: one whose peer has vanished looks open otherwise, and a node may forget a
 * subscription (Hardhat's does after five minutes).
 */
const HEARTBEAT_MS = 15_000;

interface Answer {
  readonly id?: number;
  readonly method?: string;
  readonly result?: unknown;
  readonly error?: unknown;
}

/** One connection, from its opening to its end. */
class Connection {
  readonly ended: Promise<void>;
  readonly #socket: WebSocket;
  readonly #url: string;
  readonly #timeoutMs: number;
  readonly #pending = new Map<number, (answer: Answer | Error) => void>();
  #lastId = 0;
  #notifications = 0;
  #onEnd: () => void = () => undefined;

  private constructor(socket: WebSocket, url: string, timeoutMs: number, onNotification: () => void) {
    this.#socket = socket;
    this.#url = shownUrl(url);
    this.#timeoutMs = timeoutMs;
    const notify = (): void => {
      this.#notifications++;
      onNotification();
    };
    socket.addEventListener("message", ({ data }) => this.#receive(String(data), notify));
    this.ended = new Promise((resolve) => (this.#onEnd = resolve));
    socket.addEventListener("close", () => this.#end());
  }

  static open(url: string, timeoutMs: number, onNotification: () => void): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(url);
      const connection = new Connection(socket, url, timeoutMs, onNotification);
      const timer = setTimeout(() => {
        reject(new TimeoutError({ body: {}, url: shownUrl(url) }));
        socket.close(); // it took the connection and then said nothing
      }, timeoutMs);
      const stopWaiting = (): void => clearTimeout(timer);
      socket.addEventListener("open", () => {
        stopWaiting();
        resolve(connection);
      });
      socket.addEventListener("error", () => {
        stopWaiting();
        reject(new SocketClosedError({ url: shownUrl(url) }));
      });
    });
  }

  /** So far. */
  get notifications(): number {
    return this.#notifications;
  }

  request(method: string, params: unknown): Promise<unknown> {
    const id = ++this.#lastId;
    const body = { jsonrpc: "2.0", id, method, params };
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        settle(new TimeoutError({ body: {}, url: this.#url }));
        this.close(); // it may look open for ever
      }, this.#timeoutMs);
      const settle = (answer: Answer | Error): void => {
        clearTimeout(timer);
        this.#pending.delete(id);
        if (answer instanceof Error) reject(answer);
        else if (answer.error !== undefined && answer.error !== null)
          reject(toRpcError(answer.error, body, method, this.#url));
        else resolve(answer.result);
      };
      this.#pending.set(id, settle);
      if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(body));
      else settle(new SocketClosedError({ url: this.#url }));
    });
  }

  /** Ends at once: a peer that has vanished never answers the closing of a socket. */
  close(): void {
    this.#socket.close();
    this.#end();
  }

  #end(): void {
    for (const settle of [...this.#pending.values()]) settle(new SocketClosedError({ url: this.#url }));
    this.#onEnd();
  }

  #receive(text: string, onNotification: () => void): void {
    try {
      const answer = JSON.parse(text) as Answer;
      if (answer.method === "eth_subscription") onNotification();
      else if (answer.id !== undefined) this.#pending.get(answer.id)?.(answer);
    } catch {
      this.close(); // no JSON-RPC: what else it says cannot be relied on
    }
  }
}

/** Finds out whether a node that has new blocks says so. */
class Silence {
  #head: unknown;
  #notifications = 0;
  #suspects = false;

  /**
   * A block's notification may come a little after the answer that shows it, so it is missing only when the next answer finds it
   * missing, too.
   * @param head an answer
   * @param before notifications before the question
   * @param after and now
   */
  hear(head: unknown, before: number, after: number): "well" | "nothing" | "forgotten" {
    const isMissing = this.#head !== undefined && head !== this.#head && after === this.#notifications;
    if (isMissing && !this.#suspects) {
      this.#suspects = true;
      return "nothing";
    }
    this.#suspects = false;
    this.#head = head;
    this.#notifications = before;
    return isMissing ? "forgotten" : "well";
  }
}

interface Listener {
  readonly onBlock: () => void;
  readonly onError: (error: Error) => void;
}

/**
 * @param timeoutMs of the opening and of each request
 * @param heartbeatMs between questions for the newest block
 */
export function createNodeSocket(url: string, timeoutMs: number, heartbeatMs = HEARTBEAT_MS): NodeSocket {
  const listeners = new Set<Listener>();
  let opening: Promise<Connection> | undefined;
  let closed = false;
  let following = false;
  let wake: (() => void) | undefined;
  const subscribed = new WeakSet<Connection>();

  const tellBlock = (): void => {
    for (const { onBlock } of [...listeners]) onBlock();
  };

  const open = (): Promise<Connection> => {
    if (closed) return Promise.reject(new SocketClosedError({ url: shownUrl(url) }));
    if (opening !== undefined) return opening;
    const attempt = Connection.open(url, timeoutMs, tellBlock);
    opening = attempt;
    const forget = (): void => {
      if (opening === attempt) opening = undefined;
    };
    attempt.then((connection) => connection.ended.then(forget), forget);
    return attempt;
  };

  const pause = (milliseconds: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  const subscribe = async (connection: Connection): Promise<void> => {
    await connection.request("eth_subscribe", ["newHeads"]);
    subscribed.add(connection);
  };

  /** Keeps a subscription to new blocks for as long as anybody listens. */
  const follow = async (): Promise<void> => {
    while (!closed && listeners.size > 0) {
      try {
        const connection = await open();
        if (!subscribed.has(connection)) await subscribe(connection);
        tellBlock(); // blocks may have come while there was no subscription
        let isOpen = true;
        const ended = connection.ended.then(() => (isOpen = false));
        const silence = new Silence();
        while (isOpen && listeners.size > 0) {
          await Promise.race([ended, pause(heartbeatMs)]);
          if (!isOpen || listeners.size === 0) break;
          const before = connection.notifications;
          const head = await connection.request("eth_blockNumber", []);
          const heard = silence.hear(head, before, connection.notifications);
          if (heard === "nothing") tellBlock();
          if (heard === "forgotten") await subscribe(connection);
        }
      } catch (error) {
        for (const { onError } of [...listeners]) onError(error as Error);
        await pause(RETRY_MS);
      }
    }
    following = false;
  };

  return {
    async request({ method, params }) {
      return (await open()).request(method, params ?? []);
    },
    onBlock(onBlock, onError) {
      const listener = { onBlock, onError };
      listeners.add(listener);
      if (!following) {
        following = true;
        void follow();
      }
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) wake?.();
      };
    },
    close() {
      closed = true;
      listeners.clear();
      wake?.();
      opening?.then(
        (connection) => connection.close(),
        () => undefined,
      );
    },
  };
}
