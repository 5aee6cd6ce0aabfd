import { expect } from "chai";
import { describe, it } from "mocha";
import { signDigest } from "../../node/core/signature.ts";
import { registrationDigest } from "../../node/core/typedData.ts";
import { startingFrom } from "./startingFrom.ts";
import {
  addressOf,
  as,
  consentOf,
  deploy,
  deployWorld,
  makeParticipant,
  read,
  type Participant,
  type Registry,
} from "./world.ts";

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

  it("binds a wallet and the operator that consented", async () => {
    const { world, ada } = state();
    await expect(registryAs(ada).register(ada.address, await consentOf(world, ada)))
      .to.emit(world.registry, "Registered")
      .withArgs(ada.wallet, ada.operator);
    expect((await read<string>(world.registry, "operatorOf", ada.walletAddress)).toLowerCase()).to.equal(ada.address);
    expect((await read<string>(world.registry, "walletOf", ada.address)).toLowerCase()).to.equal(ada.walletAddress);
    expect(await read(world.registry, "nonces", ada.walletAddress)).to.equal(1n);
  });

  it("refuses a consent that somebody else signed", async () => {
    const { world, ada, bob } = state();
    const forged = await consentOf(world, { ...ada, privateKey: bob.privateKey });
    await expect(registryAs(ada).register(ada.address, forged))
      .to.be.revertedWithCustomError(world.registry, "BadOperatorConsent")
      .withArgs(ada.operator, bob.operator);
  });

  it("refuses a consent to another wallet: a front-runner gains nothing", async () => {
    const { world, ada, eve } = state();
    const consent = await consentOf(world, ada);
    await expect(registryAs(eve).register(ada.address, consent)).to.be.revertedWithCustomError(
      world.registry,
      "BadOperatorConsent",
    );
  });

  it("refuses a consent for another chain, another contract or another nonce", async () => {
    const { world, ada } = state();
    const other = await deploy<Registry>(world.ethers, "Registry");
    const consents = [
      await consentOf({ ...world, chainId: world.chainId + 1 }, ada),
      await consentOf({ ...world, registry: other }, ada),
      await consentOf(world, ada, 1n),
      "0x",
    ];
    for (const consent of consents) {
      await expect(registryAs(ada).register(ada.address, consent)).to.be.revertedWithCustomError(
        world.registry,
        "BadOperatorConsent",
      );
    }
  });

  it("refuses a second operator for a wallet, and a used operator for another wallet", async () => {
    const { world, ada, bob } = state();
    await registryAs(ada).register(ada.address, await consentOf(world, ada));
    await expect(registryAs(ada).register(ada.address, await consentOf(world, ada)))
      .to.be.revertedWithCustomError(world.registry, "WalletAlreadyRegistered")
      .withArgs(ada.wallet, ada.operator);
    const registry = await addressOf(world.registry);
    const digest = registrationDigest(
      { chainId: world.chainId, registry },
      { wallet: bob.walletAddress, operator: ada.address, nonce: 0n },
    );
    await expect(registryAs(bob).register(ada.address, signDigest(digest, ada.privateKey)))
      .to.be.revertedWithCustomError(world.registry, "OperatorAlreadyUsed")
      .withArgs(ada.operator, ada.wallet);
  });

  it("publishes contacts of operators only, up to 512 bytes", async () => {
    const { world, ada } = state();
    const asOperator = as(world.registry, ada.operator);
    await expect(asOperator.setContact("/ip4/10.0.0.7/tcp/4001"))
      .to.be.revertedWithCustomError(world.registry, "NotAnOperator")
      .withArgs(ada.operator);
    await registryAs(ada).register(ada.address, await consentOf(world, ada));
    await expect(asOperator.setContact("x".repeat(512))).to.emit(world.registry, "ContactSet");
    await expect(asOperator.setContact("x".repeat(513)))
      .to.be.revertedWithCustomError(world.registry, "ContactTooLong")
      .withArgs(513, 512);
    await asOperator.setContact("/ip4/10.0.0.7/tcp/4001");
    expect(await read<string>(world.registry, "contactOf", ada.address)).to.equal("/ip4/10.0.0.7/tcp/4001");
  });
});
