import { expect } from "chai";
import { describe, it } from "mocha";
import { blobDecoders } from "./decoders/blobs.ts";
import { chainDecoders } from "./decoders/chain.ts";
import { commandDecoders } from "./decoders/commands.ts";
import { fileDecoders } from "./decoders/files.ts";
import { messageDecoders } from "./decoders/messages.ts";
import { peerDecoders } from "./decoders/peers.ts";
import { recordDecoders } from "./decoders/records.ts";
import { vectorDecoders } from "./decoders/vectors.ts";
import { feedMalformed } from "./feeding.ts";

/** What the last 70 % of the inputs may leave: of 10,000, 600 bytes each would be found; bounded caches and compiled code stay below. */
const MAX_GROWN_BYTES = 4 * 2 ** 20;

const groups = {
  "messages between peers": messageDecoders,
  "blobs on the wire and on the disk": blobDecoders,
  "where peers are": peerDecoders,
  "vectors and checkpoints": vectorDecoders,
  "files of a home": fileDecoders,
  "records of a home": recordDecoders,
  "what endpoints answer": chainDecoders,
  "commands and the HTTP API": commandDecoders,
};

/** Feeds each decoder `inputs` malformed ones. */
export function describeMalformed(inputs: number): void {
  describe(`${inputs} malformed inputs`, function () {
    this.timeout(120_000);
    for (const [group, decoders] of Object.entries(groups)) {
      describe(group, () => {
        for (const [index, decoder] of decoders.entries()) {
          it(`crash nothing and leave nothing behind: ${decoder.name}`, async () => {
            const { refusedSamples, wrong, grown } = await feedMalformed(decoder, inputs, index + 1);
            expect(wrong, "errors that are not documented").to.deep.equal([]);
            expect(refusedSamples, "right inputs that are refused").to.deep.equal([]);
            expect(grown, "bytes").to.be.below(MAX_GROWN_BYTES);
          });
        }
      });
    }
  });
}
