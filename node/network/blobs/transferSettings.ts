/** Whether answers may be compressed: where the link is slower than the codec, or never. */
export type Compression = "auto" | "off";

/** What a participant lets blob transfers use. Rates in bytes a second; unlimited unless told. */
export interface TransferSettings {
  readonly upload?: Rates;
  readonly download?: Rates;
  /** "auto" unless told: answers are compressed where the link is slower than the codec. */
  readonly compression?: Compression;
}

export interface Rates {
  /** All peers together. */
  readonly total?: number;
  readonly perPeer?: number;
}
