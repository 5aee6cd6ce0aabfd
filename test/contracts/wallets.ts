import { expect } from "chai";
import type { Hex } from "../../node/core/bytes.ts";
import { startingFrom } from "./startingFrom.ts";
import { as, consentOf, deployWorld, makeParticipant, read, type Participant, type Registry } from "./world.ts";

/** Three participants before an open registry and what they can do there: what each test of it starts from. */
export function threeWallets() {
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

  /** With any arguments of the error where none are given. */
  async function expectRefused(call: Promise<unknown>, error: string, ...args: readonly unknown[]): Promise<void> {
    const refused = expect(call).to.be.revertedWithCustomError(state().world.registry, error);
    await (args.length === 0 ? refused : refused.withArgs(...args));
  }

  return { state, registryAs, ask, isServing, served, consent, register, rotate, expectRefused };
}
