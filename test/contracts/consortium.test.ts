import { expect } from "chai";
import { ZeroAddress, type BaseContract, type Signer } from "ethers";
import { describe, it } from "mocha";
import {
  allow,
  boundsOf,
  dataOf,
  deployConsortium,
  openAJob,
  send,
  setBounds,
  strangers,
  type Call,
  type ConsortiumWorld,
} from "./consortiumWorld.ts";
import { PHASE, phaseOf, playerOf } from "./player.ts";
import { advance, playRound } from "./round.ts";
import { startingFrom } from "./startingFrom.ts";
import { as, consentOf, createJob, deploy, ETHER, joinAll, makeParticipants, POOL, read } from "./world.ts";
import type { Participant } from "./world.ts";

const ADMIN_ROLE = 0n;
const SPONSOR_ROLE = 1n;
const DAY_SECONDS = 86_400;

async function expectUnauthorised(world: ConsortiumWorld, call: Call, caller: Signer): Promise<void> {
  await expect(send(call, caller))
    .to.be.revertedWithCustomError(world.registry, "AccessManagedUnauthorized")
    .withArgs(caller);
}

async function fundOutsider({ token, treasury, outsider }: ConsortiumWorld): Promise<void> {
  await token.transfer(outsider, POOL);
  await as(token, outsider).approve(treasury, POOL);
}

describe("a consortium's roles", () => {
  const state = startingFrom(async () => {
    const world = await deployConsortium();
    return { world, people: await strangers(world, 2) };
  });
  const boundsCall = async (world: ConsortiumWorld): Promise<Call> => [
    world.factory,
    "setBounds",
    [{ ...(await boundsOf(world)), minCommitteeSize: 9 }],
  ];

  it("let sponsors open jobs and nobody else, not even the admin", async () => {
    const { world } = state();
    const call = await openAJob(world);
    for (const caller of [world.admin, world.deployer, world.outsider]) await expectUnauthorised(world, call, caller);
    await expect(send(call, world.sponsor)).to.emit(world.factory, "JobCreated");
  });

  it("let the admin keep the list and bound the terms, and nobody else", async () => {
    const { world, people } = state();
    for (const call of [allow(world, people), await boundsCall(world)]) {
      for (const caller of [world.sponsor, world.deployer, world.outsider]) {
        await expectUnauthorised(world, call, caller);
      }
    }
    const [first, second] = people as [Participant, Participant];
    await expect(send(allow(world, people), world.admin))
      .to.emit(world.registry, "AllowedSet")
      .withArgs(first.wallet, true)
      .and.to.emit(world.registry, "AllowedSet")
      .withArgs(second.wallet, true);
    await expect(send(await boundsCall(world), world.admin)).to.emit(world.factory, "BoundsSet");
    expect((await boundsOf(world)).minCommitteeSize).to.equal(9n);
  });

  it("let the admin make sponsors and unmake them", async () => {
    const { world } = state();
    const call = await openAJob(world);
    await fundOutsider(world);
    await send([world.access, "grantRole", [SPONSOR_ROLE, world.outsider, 0]], world.admin);
    await expect(send(call, world.outsider)).to.emit(world.factory, "JobCreated");
    await send([world.access, "revokeRole", [SPONSOR_ROLE, world.outsider]], world.admin);
    await expectUnauthorised(world, call, world.outsider);
  });

  it("let the admin give the opening of jobs to another role, which sponsors then have lost", async () => {
    const { world } = state();
    const call = await openAJob(world);
    const selector = world.factory.interface.getFunction("createJob")?.selector;
    await fundOutsider(world);
    await send([world.access, "grantRole", [7n, world.outsider, 0]], world.admin);
    await send([world.access, "setTargetFunctionRole", [world.factory, [selector], 7n]], world.admin);
    await expectUnauthorised(world, call, world.sponsor);
    await expect(send(call, world.outsider)).to.emit(world.factory, "JobCreated");
  });

  it("leave the deployer nothing: it cannot make itself admin, nor bind the treasury again", async () => {
    const { world } = state();
    expect(await read(world.access, "hasRole", ADMIN_ROLE, world.deployer)).to.deep.equal([false, 0n]);
    await expect(
      send([world.access, "grantRole", [ADMIN_ROLE, world.deployer, 0]], world.deployer),
    ).to.be.revertedWithCustomError(world.access as BaseContract, "AccessManagerUnauthorizedAccount");
    await expect(send([world.treasury, "bind", [world.deployer]], world.deployer))
      .to.be.revertedWithCustomError(world.treasury, "AlreadyBound")
      .withArgs(world.factory);
  });
});

describe("a consortium's admin with a delay", () => {
  const state = startingFrom(async () => {
    const world = await deployConsortium({ adminDelay: 2 * DAY_SECONDS });
    return { world, people: await strangers(world, 2) };
  });

  it("must say two days ahead what it will do", async () => {
    const { world, people } = state();
    const call = allow(world, people);
    const data = await dataOf(call);
    await expect(send(call, world.admin)).to.be.revertedWithCustomError(
      world.access as BaseContract,
      "AccessManagerNotScheduled",
    );
    await expect(send([world.access, "schedule", [world.registry, data, 0]], world.admin)).to.emit(
      world.access,
      "OperationScheduled",
    );
    await world.helpers.time.increase(2 * DAY_SECONDS - 60);
    await expect(send(call, world.admin)).to.be.revertedWithCustomError(
      world.access as BaseContract,
      "AccessManagerNotReady",
    );
    await world.helpers.time.increase(60);
    await send(call, world.admin);
    expect(await read(world.registry, "isAllowed", people[0]?.wallet)).to.be.true;
    await expect(send(call, world.admin)).to.be.revertedWithCustomError(
      world.access as BaseContract,
      "AccessManagerNotScheduled",
    );
  });

  it("waits for a new role as well, while sponsors need not wait", async () => {
    const { world } = state();
    const grant: Call = [world.access, "grantRole", [SPONSOR_ROLE, world.outsider, 0]];
    await expect(send(grant, world.admin)).to.be.revertedWithCustomError(
      world.access as BaseContract,
      "AccessManagerNotScheduled",
    );
    await expect(send(await openAJob(world), world.sponsor)).to.emit(world.factory, "JobCreated");
  });
});

describe("a consortium's list", () => {
  const state = startingFrom(async () => {
    const world = await deployConsortium();
    const people = await strangers(world, 3);
    await send(allow(world, people.slice(0, 2)), world.admin);
    return { world, people: people as [Participant, Participant, Participant] };
  });
  const register = async (one: Participant, nonce = 0n): Promise<unknown> => {
    const { world } = state();
    return as(world.registry, one.wallet).register(one.address, await consentOf(world, one, nonce));
  };
  const mayJoin = (one: Participant): Promise<boolean> => read<boolean>(state().world.registry, "mayJoin", one.wallet);

  it("lets the wallets on it register and join, and no others", async () => {
    const { world, people } = state();
    const [ada, , eve] = people;
    await expect(register(eve)).to.be.revertedWithCustomError(world.registry, "WalletNotAllowed").withArgs(eve.wallet);
    expect([await mayJoin(ada), await mayJoin(eve)]).to.deep.equal([false, false]);
    await register(ada);
    expect([await mayJoin(ada), await mayJoin(eve)]).to.deep.equal([true, false]);
    await send(allow(world, [eve]), world.admin);
    await register(eve);
    expect(await mayJoin(eve)).to.be.true;
  });

  it("keeps a wallet that was taken off it from joining a job", async () => {
    const { world, people } = state();
    const [ada] = people;
    const job = await createJob(world);
    await register(ada);
    await send(allow(world, [ada], false), world.admin);
    expect(await mayJoin(ada)).to.be.false;
    await expect(as(job, ada.wallet).join(100n * ETHER))
      .to.be.revertedWithCustomError(job, "MayNotJoin")
      .withArgs(ada.wallet);
  });

  it("leaves to a wallet that was taken off it a new operator, its payout address and its exit, but no return", async () => {
    const { world, people } = state();
    const [ada, bob, eve] = people;
    await register(ada);
    await send(allow(world, [ada], false), world.admin);
    const renewed = { ...bob, wallet: ada.wallet, walletAddress: ada.walletAddress };
    const asAda = as(world.registry, ada.wallet);
    await asAda.getFunction("rotate")(bob.address, await consentOf(world, renewed, 1n));
    expect(await read(world.registry, "operatorOf", ada.wallet)).to.equal(await bob.operator.getAddress());
    await asAda.getFunction("setPayout")(eve.walletAddress);
    expect(await read(world.registry, "payoutOf", ada.wallet)).to.equal(await eve.wallet.getAddress());
    await asAda.getFunction("exit")();
    expect(await read(world.registry, "operatorOf", ada.wallet)).to.equal(ZeroAddress);
    const again = { ...eve, wallet: ada.wallet, walletAddress: ada.walletAddress };
    await expect(register(again, 2n))
      .to.be.revertedWithCustomError(world.registry, "WalletNotAllowed")
      .withArgs(ada.wallet);
  });
});

describe("threat: a hostile admin", () => {
  const MEMBERS = 5;
  const state = startingFrom(async () => {
    const world = await deployConsortium();
    await send(allow(world, await strangers(world, MEMBERS)), world.admin);
    const people = await makeParticipants(world, MEMBERS);
    const job = await createJob(world, { startMembers: MEMBERS, rounds: 1, committeeSize: 7 });
    await joinAll(job, people);
    const player = await playerOf(world, job, people);
    await advance(player);
    return { world, job, people, player };
  });

  /** All that the admin may do against the people of a running job. */
  async function doItsWorst(world: ConsortiumWorld, people: readonly Participant[]): Promise<void> {
    const { access, admin } = world;
    await send(allow(world, people, false), admin);
    await setBounds(world, { minStake: 2n ** 96n - 1n, maxSlashPermille: 0n });
    await send([access, "revokeRole", [SPONSOR_ROLE, world.sponsor]], admin);
    for (const target of [world.registry, world.factory, world.treasury, world.court]) {
      await send([access, "setTargetClosed", [target, true]], admin);
    }
    const own = await deploy(world.ethers, "ConsortiumAccess", admin, 0, []);
    for (const target of [world.registry, world.factory]) {
      await send([access, "updateAuthority", [target, own]], admin);
    }
  }

  it("stops no round: delisted members are drawn, paid to the wei and get their stakes back", async () => {
    const { world, job, people, player } = state();
    await doItsWorst(world, people);
    await playRound(player);
    while ((await phaseOf(player)) !== PHASE.finished) await advance(player);
    expect(await read(job, "roundRecord", 1)).not.to.equal(`0x${"0".repeat(64)}`);
    for (const [id, { wallet }] of people.entries()) {
      const before = await read(world.token, "balanceOf", wallet);
      const stake = await read(world.treasury, "stakeOf", job, wallet);
      expect(stake).to.equal(100n * ETHER);
      const [member] = await read<[{ credit: bigint }]>(job, "members", id, id + 1);
      expect(member.credit > 0n).to.be.true;
      await as(job, wallet).claim(id);
      await as(job, wallet).getFunction("leaveJob")();
      await world.helpers.time.increaseTo(await read(world.treasury, "withdrawableAt", job, wallet));
      await as(world.treasury, wallet).withdraw(job);
      expect(await read(world.token, "balanceOf", wallet)).to.equal(before + member.credit + stake);
    }
  });

  it("reaches nothing through the access manager's own calls: they come from no job, no court and no wallet", async () => {
    const { world, job, people } = state();
    const { access, admin, treasury, registry } = world;
    const [ada] = people as [Participant];
    const attacks: readonly (readonly [Call, string])[] = [
      [[treasury, "slash", [ada.wallet, 1n, admin, 1n]], "OnlyJob"],
      [[treasury, "pay", [[admin], [1n]]], "OnlyJob"],
      [[treasury, "payOut", [admin, 1n]], "OnlyJob"],
      [[treasury, "refund", [admin, 0n]], "OnlyJob"],
      [[treasury, "unbond", [ada.wallet, 0n]], "OnlyJob"],
      [[treasury, "openJob", [admin, ada.wallet, world.token, world.token, 1n]], "OnlyFactory"],
      [[treasury, "bind", [admin]], "OnlyDeployer"],
      [[treasury, "withdraw", [job]], "NothingToWithdraw"],
      [[registry, "exit", []], "WalletNotRegistered"],
      [[job, "faultMember", [0, admin]], "OnlyCourt"],
      [[job, "faultProposal", [admin]], "OnlyCourt"],
      [[job, "initialize", []], "OnlyFactory"],
      [[job, "leaveJob", []], "NotAMember"],
    ];
    for (const [call, error] of attacks) {
      const relayed: Call = [access, "execute", [call[0], await dataOf(call)]];
      await expect(send(relayed, admin), call[1]).to.be.revertedWithCustomError(call[0], error);
    }
  });
});
