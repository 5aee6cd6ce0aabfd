/** What whoever runs a daemon should know of its endpoints. */
export interface EndpointEvent {
  readonly name:
    "endpoint-down" | "endpoint-back" | "endpoint-lags" | "endpoint-used" | "endpoints-disagree" | "endpoints-agree";
  readonly facts: Readonly<Record<string, unknown>>;
  readonly text: string;
}
