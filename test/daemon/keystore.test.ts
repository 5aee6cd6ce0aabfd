import { chmodSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { decryptKeystoreJsonSync, encryptKeystoreJsonSync } from "ethers/wallet";
import { describe, it } from "mocha";
import { addressOfPrivateKey } from "../../node/core/signature.ts";
import { toHex } from "../../node/core/bytes.ts";
import { messageOf } from "../../node/core/errors.ts";
import { createKeystore, openKeystore } from "../../node/daemon/home/keystore.ts";
import { temporaryFolder } from "../data/temporaryFolder.ts";
import { rejectionOf } from "../helpers/errors.ts";

const KEY = Uint8Array.from({ length: 32 }, (_, index) => 7 * index + 3);
const FAST = { scryptN: 1024 };

describe("a keystore", () => {
  const folder = temporaryFolder();
  const at = (name: string): string => join(folder.path, name);

  it("gives the key back to who has the password, and to nobody else", async () => {
    await createKeystore(at("a.json"), KEY, "pässword", FAST);
    expect(await openKeystore(at("a.json"), "pässword")).to.deep.equal(KEY);
    expect(await rejectionOf(openKeystore(at("a.json"), "password"))).to.equal("wrong-password");
  });

  it("tells whose key it holds", async () => {
    const address = await createKeystore(at("b.json"), KEY, "p", FAST);
    expect(address).to.equal(addressOfPrivateKey(KEY));
  });

  it("holds nothing of the key in clear, and is its owner's only", async () => {
    await createKeystore(at("c.json"), KEY, "p", FAST);
    expect(readFileSync(at("c.json"), "utf8")).to.not.include(toHex(KEY).slice(2, 18));
    expect(statSync(at("c.json")).mode & 0o777).to.equal(0o600);
  });

  it("is the file that other programs write and read", async () => {
    const account = { address: addressOfPrivateKey(KEY), privateKey: toHex(KEY) };
    const theirs = folder.write("theirs.json", encryptKeystoreJsonSync(account, "p", { scrypt: { N: 1024 } }));
    chmodSync(theirs, 0o600);
    expect(await openKeystore(theirs, "p")).to.deep.equal(KEY);
    await createKeystore(at("ours.json"), KEY, "p", FAST);
    expect(decryptKeystoreJsonSync(readFileSync(at("ours.json"), "utf8"), "p").privateKey).to.equal(toHex(KEY));
  });

  it("opens files of other programs that use PBKDF2, with names as they write them", async () => {
    // The test vector of the format's definition.
    const key = "0x7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d";
    const pbkdf2 = {
      cipher: "aes-128-ctr",
      cipherparams: { iv: "6087dab2f9fdbbfaddc31a909735c1e6" },
      ciphertext: "5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46",
      kdf: "pbkdf2",
      kdfparams: {
        c: 262144,
        dklen: 32,
        prf: "hmac-sha256",
        salt: "ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd",
      },
      mac: "517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2",
    };
    const names = { Version: "3", Crypto: pbkdf2 };
    const files = [{ version: 3, crypto: pbkdf2 }, names].map((content, index) =>
      folder.write(`other${index}.json`, JSON.stringify(content)),
    );
    for (const file of files) {
      chmodSync(file, 0o600);
      expect(toHex(await openKeystore(file, "testpassword"))).to.equal(key);
      expect(await rejectionOf(openKeystore(file, "testpasswort"))).to.equal("wrong-password");
    }
  });

  it("takes the same characters for the same password, however they are composed", async () => {
    await createKeystore(at("composed.json"), KEY, "p\u00e4ss", FAST);
    expect(await openKeystore(at("composed.json"), "pa\u0308ss")).to.deep.equal(KEY);
  });

  it("is refused where other users can read it", async () => {
    await createKeystore(at("open.json"), KEY, "p", FAST);
    for (const mode of [0o640, 0o604, 0o620]) {
      chmodSync(at("open.json"), mode);
      expect(await openKeystore(at("open.json"), "p").then(() => "none", messageOf)).to.match(
        /is open to other users .*its mode is 6[024][04].* run chmod 600/,
      );
    }
    chmodSync(at("open.json"), 0o400);
    expect(await openKeystore(at("open.json"), "p")).to.deep.equal(KEY);
  });

  it("costs whoever guesses as much as geth's, where nothing else is said", async () => {
    await createKeystore(at("usual.json"), KEY, "p");
    const { crypto } = JSON.parse(readFileSync(at("usual.json"), "utf8").toLowerCase()) as {
      crypto: { kdf: string; kdfparams: { n: number; r: number; p: number } };
    };
    expect(crypto.kdf).to.equal("scrypt");
    expect(crypto.kdfparams).to.include({ n: 131_072, r: 8, p: 1 });
  });

  it("is never overwritten", async () => {
    await createKeystore(at("d.json"), KEY, "p", FAST);
    expect(await rejectionOf(createKeystore(at("d.json"), KEY.toReversed(), "p", FAST))).to.equal("bad-input");
    expect(await openKeystore(at("d.json"), "p")).to.deep.equal(KEY);
  });

  it("wants a password", async () => {
    expect(await rejectionOf(createKeystore(at("e.json"), KEY, "", FAST))).to.equal("bad-input");
  });

  it("is refused where it asks for so much work that opening it would take hours", async () => {
    await createKeystore(at("g.json"), KEY, "p", FAST);
    const text = readFileSync(at("g.json"), "utf8");
    const slow = folder.write("slow.json", text.replace('"p":1', '"p":100000'));
    const parsed = JSON.parse(text) as { crypto: { kdfparams: { salt: string } } };
    const { salt } = parsed.crypto.kdfparams;
    const kdfparams = { dklen: 32, c: 2 ** 31 - 1, prf: "hmac-sha256", salt };
    const iterated = { ...parsed, crypto: { ...parsed.crypto, kdf: "pbkdf2", kdfparams } };
    const slower = folder.write("slower.json", JSON.stringify(iterated));
    for (const file of [slow, slower]) {
      chmodSync(file, 0o600);
      expect(readFileSync(file, "utf8")).to.not.equal(text);
      expect(await rejectionOf(openKeystore(file, "p")), file).to.equal("bad-input");
    }
  });

  it("is refused where it is missing, damaged, too large, or asks for too much memory", async () => {
    await createKeystore(at("f.json"), KEY, "p", FAST);
    const text = readFileSync(at("f.json"), "utf8");
    const greedy = folder.write("greedy.json", text.replace('"n":1024', '"n":1073741824'));
    const hollow = folder.write("hollow.json", text.replace(/"ciphertext":"[0-9a-f]+"/, '"ciphertext":""'));
    const cut = folder.write("cut.json", text.slice(0, -20));
    const large = folder.write("large.json", " ".repeat(70_000) + text);
    expect(await rejectionOf(openKeystore(at("none.json"), "p"))).to.equal("not-found");
    expect(greedy).to.satisfy((file: string) => readFileSync(file, "utf8") !== text);
    for (const file of [greedy, hollow, cut, large]) chmodSync(file, 0o600);
    for (const file of [greedy, cut, large])
      expect(await rejectionOf(openKeystore(file, "p")), file).to.equal("bad-input");
    expect(await rejectionOf(openKeystore(hollow, "p"))).to.be.oneOf(["bad-input", "wrong-password"]);
  });
});
