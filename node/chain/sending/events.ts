/** What whoever pays for an account's transactions should know of them. */
export interface SenderEvent {
  readonly name:
    | "transaction-replaced"
    | "transaction-cancelled"
    | "transaction-taken-back"
    | "transaction-overtaken"
    | "nonce-filled"
    | "fee-cap";
  readonly facts: Readonly<Record<string, unknown>>;
  readonly text: string;
}
