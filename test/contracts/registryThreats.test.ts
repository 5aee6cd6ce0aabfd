import { expect } from "chai";
import { describe, it } from "mocha";
import { threeWallets } from "./wallets.ts";
import { as, consentOf, deploy, type Registry } from "./world.ts";

describe("threat: a stolen operator key", () => {
  const { state, registryAs, ask, isServing, served, consent, register, rotate, expectRefused } = threeWallets();

  it("earns its thief no operator of its own, no payout and no wallet; it can mislead dialling until the rotation", async () => {
    const { world, ada, bob, eve } = state();
    await register(ada);
    // Eve has ada's operator key, and so calls as this account and signs consents with it.
    const thief = as(world.registry, ada.operator);
    await thief.setContact("/ip4/6.6.6.6/tcp/666");

    await expectRefused(
      thief.rotate(eve.address, await consent(served(ada, ada), eve, 1n)),
      "WalletNotRegistered",
      ada.operator,
    );
    await expectRefused(thief.exit(), "WalletNotRegistered");
    await expectRefused(
      registryAs(eve).register(ada.address, await consent(eve, ada)),
      "OperatorAlreadyUsed",
      ada.operator,
      ada.wallet,
    );
    await thief.setPayout(eve.walletAddress);
    expect(await ask("payoutOf", ada.wallet)).to.equal(await ada.wallet.getAddress());

    await rotate(ada, bob, 1n);
    expect(await ask("contactOf", ada.operator)).to.equal("");
    await expectRefused(thief.setContact("/ip4/6.6.6.6/tcp/666"), "NotAnOperator", ada.operator);
    expect([await isServing(ada), await isServing(bob)]).to.deep.equal([false, true]);
  });
});

describe("threat: a consent replayed on another chain, contract or wallet", () => {
  const { state, registryAs, isServing, consent, register, rotate, expectRefused } = threeWallets();

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
      await expectRefused(registryAs(ada).register(ada.address, each), "BadOperatorConsent");
    }
  });

  it("is refused for another wallet: a front-runner who copies the transaction gains nothing", async () => {
    const { ada, eve } = state();
    const copied = await consent(ada, ada);
    await expectRefused(registryAs(eve).register(ada.address, copied), "BadOperatorConsent");
    await registryAs(ada).register(ada.address, copied);
    expect(await isServing(ada)).to.be.true;
  });

  it("is refused after the wallet's nonce has moved: an old consent cannot come back by rotation", async () => {
    const { ada, bob, eve } = state();
    const unused = await consent(ada, bob, 0n);
    await register(ada);
    await expectRefused(registryAs(ada).rotate(bob.address, unused), "BadOperatorConsent");
    await rotate(ada, eve, 1n);
    await expectRefused(registryAs(ada).rotate(bob.address, await consent(ada, bob, 1n)), "BadOperatorConsent");
  });
});
