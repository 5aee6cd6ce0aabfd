import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { describe, it } from "mocha";
import type { Hex } from "../../node/core/bytes.ts";
import { startingFrom } from "./startingFrom.ts";
import { as, consentOf, deploy, deployWorld, makeParticipant, read, type Participant, type Registry } from "./world.ts";

describe("the registry", () => {
  const state = startingFrom(async () => {
    const world = await deployWorld();
    const [ada, bob, eve] = [
      await makeParticipant(world, 0),
      await makeParticipant(world, 1),
      await makeParticipant(world, 2),
    ];
    return { world, ada, bob, eve };
  });
  const registryAs = (one: Participant): Registry => as(state().world.registry, one.wallet);
  const ask = <T>(view: string, ...args: readonly unknown[]): Promise<T> =>
    read<T>(state().world.registry, view, ...args);
  const isServing = (one: Participant): Promise<boolean> => ask("isServing", one.operator);

  /** `wallet`'s participant with the operator of `operator`. */
  const served = (wallet: Participant, operator: Participant): Participant => ({
    ...operator,
    wallet: wallet.wallet,
    walletAddress: wallet.walletAddress,
  });
  const consent = (wallet: Participant, operator: Participant, nonce?: bigint): Promise<Hex> =>
    consentOf(state().world, served(wallet, operator), nonce);
  const register = async (wallet: Participant, operator = wallet, nonce = 0n): Promise<void> => {
    await registryAs(wallet).register(operator.address, await consent(wallet, operator, nonce));
  };
  const rotate = async (wallet: Participant, operator: Participant, nonce: bigint): Promise<void> => {
    await registryAs(wallet).rotate(operator.address, await consent(wallet, operator, nonce));
  };

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
      await expect(registryAs(ada).register(ada.address, forged))
        .to.be.revertedWithCustomError(world.registry, "BadOperatorConsent")
        .withArgs(ada.operator, bob.operator);
    });

    it("refuses the zero address as operator, which no signature can name", async () => {
      const { world, ada } = state();
      await expect(registryAs(ada).register(ZeroAddress, "0x"))
        .to.be.revertedWithCustomError(world.registry, "BadOperatorConsent")
        .withArgs(ZeroAddress, ZeroAddress);
    });

    it("refuses a second operator beside the first", async () => {
      const { world, ada, bob } = state();
      await register(ada);
      await expect(registryAs(ada).register(bob.address, await consent(ada, bob, 1n)))
        .to.be.revertedWithCustomError(world.registry, "WalletAlreadyRegistered")
        .withArgs(ada.wallet, ada.operator);
    });

    it("refuses an operator that serves another wallet, though it consents", async () => {
      const { world, ada, bob } = state();
      await register(ada);
      await expect(registryAs(bob).register(ada.address, await consent(bob, ada)))
        .to.be.revertedWithCustomError(world.registry, "OperatorAlreadyUsed")
        .withArgs(ada.operator, ada.wallet);
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
      const { world, ada, bob, eve } = state();
      await register(ada);
      await register(eve);
      await rotate(ada, bob, 1n);
      const owners = [
        [ada, ada],
        [bob, ada],
        [eve, eve],
      ] as const;
      for (const [used, owner] of owners) {
        await expect(registryAs(ada).rotate(used.address, await consent(ada, used, 2n)))
          .to.be.revertedWithCustomError(world.registry, "OperatorAlreadyUsed")
          .withArgs(used.operator, owner.wallet);
      }
      await expect(registryAs(bob).register(ada.address, await consent(bob, ada)))
        .to.be.revertedWithCustomError(world.registry, "OperatorAlreadyUsed")
        .withArgs(ada.operator, ada.wallet);
    });

    it("needs the new operator's consent, and changes nothing without it", async () => {
      const { world, ada, bob, eve } = state();
      await register(ada);
      const forged = await consentOf(world, { ...served(ada, bob), privateKey: eve.privateKey }, 1n);
      await expect(registryAs(ada).rotate(bob.address, forged))
        .to.be.revertedWithCustomError(world.registry, "BadOperatorConsent")
        .withArgs(bob.operator, eve.operator);
      expect(await ask("operatorOf", ada.wallet)).to.equal(await ada.operator.getAddress());
      expect(await ask("nonces", ada.wallet)).to.equal(1n);
    });

    it("refuses a wallet that has no operator", async () => {
      const { world, ada } = state();
      await expect(registryAs(ada).rotate(ada.address, await consent(ada, ada)))
        .to.be.revertedWithCustomError(world.registry, "WalletNotRegistered")
        .withArgs(ada.wallet);
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
      await expect(registryAs(ada).exit())
        .to.be.revertedWithCustomError(world.registry, "WalletNotRegistered")
        .withArgs(ada.wallet);
    });

    it("lets it return with a fresh operator only", async () => {
      const { world, ada, bob } = state();
      await register(ada);
      await registryAs(ada).exit();
      await expect(registryAs(ada).register(ada.address, await consent(ada, ada, 1n)))
        .to.be.revertedWithCustomError(world.registry, "OperatorAlreadyUsed")
        .withArgs(ada.operator, ada.wallet);
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
      await expect(contactAs(ada).setContact(CONTACT))
        .to.be.revertedWithCustomError(world.registry, "NotAnOperator")
        .withArgs(ada.operator);
      await register(ada);
      await expect(registryAs(ada).setContact(CONTACT))
        .to.be.revertedWithCustomError(world.registry, "NotAnOperator")
        .withArgs(ada.wallet);
      await expect(contactAs(ada).setContact(long)).to.emit(world.registry, "ContactSet").withArgs(ada.operator, long);
      await expect(contactAs(ada).setContact(`${long}x`))
        .to.be.revertedWithCustomError(world.registry, "ContactTooLong")
        .withArgs(513, 512);
      await contactAs(ada).setContact(CONTACT);
      expect(await ask("contactOf", ada.operator)).to.equal(CONTACT);
    });

    it("are cleared by a rotation, and the retired operator cannot publish again", async () => {
      const { world, ada, bob } = state();
      await register(ada);
      await contactAs(ada).setContact(long);
      await rotate(ada, bob, 1n);
      expect(await ask("contactOf", ada.operator)).to.equal("");
      await expect(contactAs(ada).setContact(CONTACT))
        .to.be.revertedWithCustomError(world.registry, "NotAnOperator")
        .withArgs(ada.operator);
      await contactAs(bob).setContact(CONTACT);
      expect(await ask("contactOf", bob.operator)).to.equal(CONTACT);
    });

    it("are cleared by an exit, and the operator cannot publish again, even when its wallet returns", async () => {
      const { world, ada, bob } = state();
      await register(ada);
      await contactAs(ada).setContact(CONTACT);
      await registryAs(ada).exit();
      expect(await ask("contactOf", ada.operator)).to.equal("");
      await register(ada, bob, 1n);
      await expect(contactAs(ada).setContact(CONTACT))
        .to.be.revertedWithCustomError(world.registry, "NotAnOperator")
        .withArgs(ada.operator);
    });
  });

  describe("threat: a stolen operator key", () => {
    it("earns its thief no operator of its own, no payout and no wallet; it can mislead dialling until the rotation", async () => {
      const { world, ada, bob, eve } = state();
      await register(ada);
      // Eve has ada's operator key, and so calls as this account and signs consents with it.
      const thief = as(world.registry, ada.operator);
      await thief.setContact("/ip4/6.6.6.6/tcp/666");

      await expect(thief.rotate(eve.address, await consent(served(ada, ada), eve, 1n)))
        .to.be.revertedWithCustomError(world.registry, "WalletNotRegistered")
        .withArgs(ada.operator);
      await expect(thief.exit()).to.be.revertedWithCustomError(world.registry, "WalletNotRegistered");
      await expect(registryAs(eve).register(ada.address, await consent(eve, ada)))
        .to.be.revertedWithCustomError(world.registry, "OperatorAlreadyUsed")
        .withArgs(ada.operator, ada.wallet);
      await thief.setPayout(eve.walletAddress);
      expect(await ask("payoutOf", ada.wallet)).to.equal(await ada.wallet.getAddress());

      await rotate(ada, bob, 1n);
      expect(await ask("contactOf", ada.operator)).to.equal("");
      await expect(thief.setContact("/ip4/6.6.6.6/tcp/666"))
        .to.be.revertedWithCustomError(world.registry, "NotAnOperator")
        .withArgs(ada.operator);
      expect([await isServing(ada), await isServing(bob)]).to.deep.equal([false, true]);
    });
  });

  describe("threat: a consent replayed on another chain, contract or wallet", () => {
    it("is refused on another chain, by another contract and with another nonce", async () => {
      const { world, ada } = state();
      const other = await deploy<Registry>(world.ethers, "Registry");
      const consents = [
        await consentOf({ ...world, chainId: world.chainId + 1 }, ada),
        await consentOf({ ...world, registry: other }, ada),
        await consentOf(world, ada, 1n),
        "0x",
      ];
      for (const each of consents) {
        await expect(registryAs(ada).register(ada.address, each)).to.be.revertedWithCustomError(
          world.registry,
          "BadOperatorConsent",
        );
      }
    });

    it("is refused for another wallet: a front-runner who copies the transaction gains nothing", async () => {
      const { world, ada, eve } = state();
      const copied = await consent(ada, ada);
      await expect(registryAs(eve).register(ada.address, copied)).to.be.revertedWithCustomError(
        world.registry,
        "BadOperatorConsent",
      );
      await registryAs(ada).register(ada.address, copied);
      expect(await isServing(ada)).to.be.true;
    });

    it("is refused after the wallet's nonce has moved: an old consent cannot come back by rotation", async () => {
      const { world, ada, bob, eve } = state();
      const unused = await consent(ada, bob, 0n);
      await register(ada);
      await expect(registryAs(ada).rotate(bob.address, unused)).to.be.revertedWithCustomError(
        world.registry,
        "BadOperatorConsent",
      );
      await rotate(ada, eve, 1n);
      await expect(registryAs(ada).rotate(bob.address, await consent(ada, bob, 1n))).to.be.revertedWithCustomError(
        world.registry,
        "BadOperatorConsent",
      );
    });
  });
});
