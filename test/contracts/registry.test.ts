import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { describe, it } from "mocha";
import { threeWallets } from "./wallets.ts";
import { as, consentOf, type Participant, type Registry } from "./world.ts";

describe("the registry", () => {
  const { state, registryAs, ask, isServing, served, consent, register, rotate, expectRefused } = threeWallets();

  describe("when a wallet registers", () => {
    it("binds it and the operator that consented", async () => {
      const { world, ada, bob } = state();
      expect(await ask("mayJoin", ada.wallet)).to.be.false;
      await expect(registryAs(ada).register(ada.address, await consent(ada, ada)))
        .to.emit(world.registry, "Registered")
        .withArgs(ada.wallet, ada.operator);
      expect(await ask("operatorOf", ada.wallet)).to.equal(await ada.operator.getAddress());
      expect(await ask("walletOf", ada.operator)).to.equal(await ada.wallet.getAddress());
      expect(await ask("nonces", ada.wallet)).to.equal(1n);
      expect([await ask("mayJoin", ada.wallet), await isServing(ada)]).to.deep.equal([true, true]);
      expect([await ask("mayJoin", bob.wallet), await isServing(bob)]).to.deep.equal([false, false]);
    });

    it("refuses a consent that somebody else signed", async () => {
      const { world, ada, bob } = state();
      const forged = await consentOf(world, { ...ada, privateKey: bob.privateKey });
      await expectRefused(
        registryAs(ada).register(ada.address, forged),
        "BadOperatorConsent",
        ada.operator,
        bob.operator,
      );
    });

    it("refuses the zero address as operator, which no signature can name", async () => {
      const { ada } = state();
      await expectRefused(registryAs(ada).register(ZeroAddress, "0x"), "BadOperatorConsent", ZeroAddress, ZeroAddress);
    });

    it("refuses a second operator beside the first", async () => {
      const { ada, bob } = state();
      await register(ada);
      await expectRefused(
        registryAs(ada).register(bob.address, await consent(ada, bob, 1n)),
        "WalletAlreadyRegistered",
        ada.wallet,
        ada.operator,
      );
    });

    it("refuses an operator that serves another wallet, though it consents", async () => {
      const { ada, bob } = state();
      await register(ada);
      await expectRefused(
        registryAs(bob).register(ada.address, await consent(bob, ada)),
        "OperatorAlreadyUsed",
        ada.operator,
        ada.wallet,
      );
    });
  });

  describe("when a wallet rotates its operator", () => {
    it("binds the new one and keeps the old one's history", async () => {
      const { world, ada, bob } = state();
      await register(ada);
      await expect(registryAs(ada).rotate(bob.address, await consent(ada, bob, 1n)))
        .to.emit(world.registry, "OperatorRotated")
        .withArgs(ada.wallet, ada.operator, bob.operator);
      expect(await ask("operatorOf", ada.wallet)).to.equal(await bob.operator.getAddress());
      for (const operator of [ada.operator, bob.operator]) {
        expect(await ask("walletOf", operator)).to.equal(await ada.wallet.getAddress());
      }
      expect([await isServing(ada), await isServing(bob)]).to.deep.equal([false, true]);
      expect(await ask("mayJoin", ada.wallet)).to.be.true;
    });

    it("never takes a used operator again: neither its own old one, nor its current one, nor another wallet's", async () => {
      const { ada, bob, eve } = state();
      await register(ada);
      await register(eve);
      await rotate(ada, bob, 1n);
      const owners = [
        [ada, ada],
        [bob, ada],
        [eve, eve],
      ] as const;
      for (const [used, owner] of owners) {
        await expectRefused(
          registryAs(ada).rotate(used.address, await consent(ada, used, 2n)),
          "OperatorAlreadyUsed",
          used.operator,
          owner.wallet,
        );
      }
      await expectRefused(
        registryAs(bob).register(ada.address, await consent(bob, ada)),
        "OperatorAlreadyUsed",
        ada.operator,
        ada.wallet,
      );
    });

    it("needs the new operator's consent, and changes nothing without it", async () => {
      const { world, ada, bob, eve } = state();
      await register(ada);
      const forged = await consentOf(world, { ...served(ada, bob), privateKey: eve.privateKey }, 1n);
      await expectRefused(
        registryAs(ada).rotate(bob.address, forged),
        "BadOperatorConsent",
        bob.operator,
        eve.operator,
      );
      expect(await ask("operatorOf", ada.wallet)).to.equal(await ada.operator.getAddress());
      expect(await ask("nonces", ada.wallet)).to.equal(1n);
    });

    it("refuses a wallet that has no operator", async () => {
      const { ada } = state();
      await expectRefused(
        registryAs(ada).rotate(ada.address, await consent(ada, ada)),
        "WalletNotRegistered",
        ada.wallet,
      );
    });
  });

  describe("when a wallet exits", () => {
    it("has no operator any more, and keeps its history", async () => {
      const { world, ada } = state();
      await register(ada);
      await expect(registryAs(ada).exit()).to.emit(world.registry, "Exited").withArgs(ada.wallet, ada.operator);
      expect(await ask("operatorOf", ada.wallet)).to.equal(ZeroAddress);
      expect(await ask("walletOf", ada.operator)).to.equal(await ada.wallet.getAddress());
      expect([await ask("mayJoin", ada.wallet), await isServing(ada)]).to.deep.equal([false, false]);
      await expectRefused(registryAs(ada).exit(), "WalletNotRegistered", ada.wallet);
    });

    it("lets it return with a fresh operator only", async () => {
      const { ada, bob } = state();
      await register(ada);
      await registryAs(ada).exit();
      await expectRefused(
        registryAs(ada).register(ada.address, await consent(ada, ada, 1n)),
        "OperatorAlreadyUsed",
        ada.operator,
        ada.wallet,
      );
      await register(ada, bob, 1n);
      expect(await ask("operatorOf", ada.wallet)).to.equal(await bob.operator.getAddress());
      expect(await ask("nonces", ada.wallet)).to.equal(2n);
    });
  });

  describe("the payout address", () => {
    it("is the wallet itself until it names another, registered or not, and again when it names zero", async () => {
      const { world, ada, bob, eve } = state();
      const [cold, vault] = [await ada.wallet.getAddress(), await eve.wallet.getAddress()];
      await register(bob);
      for (const one of [ada, bob]) expect(await ask("payoutOf", one.wallet)).to.equal(await one.wallet.getAddress());
      await expect(registryAs(ada).setPayout(vault)).to.emit(world.registry, "PayoutSet").withArgs(cold, vault);
      expect(await ask("payoutOf", cold)).to.equal(vault);
      expect(await ask("payoutOf", bob.wallet)).to.equal(await bob.wallet.getAddress());
      await expect(registryAs(ada).setPayout(ZeroAddress))
        .to.emit(world.registry, "PayoutSet")
        .withArgs(cold, ZeroAddress);
      expect(await ask("payoutOf", cold)).to.equal(cold);
    });

    it("is one step: a payout address's own payout address does not count", async () => {
      const { ada, bob, eve } = state();
      await registryAs(ada).setPayout(bob.walletAddress);
      await registryAs(bob).setPayout(eve.walletAddress);
      expect(await ask("payoutOf", ada.wallet)).to.equal(await bob.wallet.getAddress());
    });

    it("outlasts a rotation and an exit", async () => {
      const { ada, bob, eve } = state();
      await register(ada);
      await registryAs(ada).setPayout(eve.walletAddress);
      await rotate(ada, bob, 1n);
      expect(await ask("payoutOf", ada.wallet)).to.equal(await eve.wallet.getAddress());
      await registryAs(ada).exit();
      expect(await ask("payoutOf", ada.wallet)).to.equal(await eve.wallet.getAddress());
    });
  });

  describe("contacts", () => {
    const CONTACT = "/ip4/10.0.0.7/tcp/4001";
    const contactAs = (one: Participant): Registry => as(state().world.registry, one.operator);
    const long = "x".repeat(512);

    it("are published by serving operators only, up to 512 bytes", async () => {
      const { world, ada } = state();
      await expectRefused(contactAs(ada).setContact(CONTACT), "NotAnOperator", ada.operator);
      await register(ada);
      await expectRefused(registryAs(ada).setContact(CONTACT), "NotAnOperator", ada.wallet);
      await expect(contactAs(ada).setContact(long)).to.emit(world.registry, "ContactSet").withArgs(ada.operator, long);
      await expectRefused(contactAs(ada).setContact(`${long}x`), "ContactTooLong", 513, 512);
      await contactAs(ada).setContact(CONTACT);
      expect(await ask("contactOf", ada.operator)).to.equal(CONTACT);
    });

    it("are cleared by a rotation, and the retired operator cannot publish again", async () => {
      const { ada, bob } = state();
      await register(ada);
      await contactAs(ada).setContact(long);
      await rotate(ada, bob, 1n);
      expect(await ask("contactOf", ada.operator)).to.equal("");
      await expectRefused(contactAs(ada).setContact(CONTACT), "NotAnOperator", ada.operator);
      await contactAs(bob).setContact(CONTACT);
      expect(await ask("contactOf", bob.operator)).to.equal(CONTACT);
    });

    it("are cleared by an exit, and the operator cannot publish again, even when its wallet returns", async () => {
      const { ada, bob } = state();
      await register(ada);
      await contactAs(ada).setContact(CONTACT);
      await registryAs(ada).exit();
      expect(await ask("contactOf", ada.operator)).to.equal("");
      await register(ada, bob, 1n);
      await expectRefused(contactAs(ada).setContact(CONTACT), "NotAnOperator", ada.operator);
    });
  });
});
