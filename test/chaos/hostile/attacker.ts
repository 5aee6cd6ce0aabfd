import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { refreshOperator } from "../../../node/chain/accounts.ts";
import { readRegistrationNonce, rotate } from "../../../node/chain/registration.ts";
import { createSender } from "../../../node/chain/sender.ts";
import { createJobWatcher } from "../../../node/chain/jobWatcher.ts";
import { createJobChain } from "../../../node/chain/viemJob.ts";
import { simulatedAccounts, type SimulatedAccount } from "../../../node/simulation/accounts.ts";
import { fitFederationData, loadFederationData } from "../../../node/cli/simulation/data.ts";
import { DEFAULT_SETTINGS } from "../../../node/cli/simulation/settings.ts";
import { fromHex, type Hex } from "../../../node/core/bytes.ts";
import { signDigest } from "../../../node/core/signature.ts";
import { registrationDigest } from "../../../node/core/typedData.ts";
import { openHost, openParticipantStorage, openTrainer } from "../../../node/daemon/adapters.ts";
import { machineClock } from "../../../node/daemon/time/clock.ts";
import { openJobModel } from "../../../node/daemon/job/jobModel.ts";
import { parseJobSpec } from "../../../node/daemon/job/jobSpec.ts";
import { createLearner } from "../../../node/daemon/learning/learner.ts";
import { startParticipant } from "../../../node/daemon/participant/participant.ts";
import { followAlone } from "../../../node/network/followAlone.ts";
import type { NetworkOptions } from "../../../node/network/network.ts";
import type { GossipNode } from "../../../node/network/readiness.ts";
import type { ReadyFederation } from "../../e2e/federation.ts";

const EXAMPLES = 120;
const MAX_HEARD = 2000;

/** What an attack has in its hands. */
export interface AttackerNode {
  /** A libp2p node whose key others admit; it may do with it what it likes. */
  readonly node: GossipNode;
  readonly topic: string;
  /** Messages of others and of its own, as they were on the wire but for the copy's number, oldest first. */
  readonly heard: readonly Uint8Array[];
}

/**
 * A member that takes part like any other, on a node that a test can turn against the others. After an attack it may come back under
 * another key: nobody that has banned it would hear of the next one.
 */
export class Attacker {
  readonly #federation: ReadyFederation;
  readonly #member: number;
  readonly #jobSpec: unknown;
  readonly #folder = mkdtempSync(join(tmpdir(), "paceline-attacker-"));
  #keys = 0;
  #operatorKey: Hex;
  #running: { readonly attack: AttackerNode; readonly upToDate: Promise<unknown>; stop(): Promise<void> } | undefined;

  constructor(federation: ReadyFederation, member: number, jobSpec: unknown) {
    this.#federation = federation;
    this.#member = member;
    this.#jobSpec = jobSpec;
    this.#operatorKey = federation.accounts[member]!.operatorKey;
  }

  get node(): AttackerNode {
    return this.#running!.attack;
  }

  async start(): Promise<void> {
    const { endpoint, openJob, accounts } = this.#federation;
    const { addresses, terms } = openJob;
    const spec = parseJobSpec(this.#jobSpec);
    const model = openJobModel(spec.model, ".");
    const participants = accounts.length;
    const settings = { ...DEFAULT_SETTINGS, participants, trainExamples: EXAMPLES * participants, testExamples: 10 };
    const data = fitFederationData(await loadFederationData(settings, spec.data.contract), model);
    const { train, validation } = data.holdings[this.#member]!;
    const trainer = await openTrainer(model, { examples: train.count, place: "alone" });
    const storage = await openParticipantStorage(join(this.#folder, "disk"));
    const privateKey = fromHex(this.#operatorKey);
    const host = await openHost(privateKey, { listen: ["/ip4/127.0.0.1/tcp/0"] });
    const { node } = host as unknown as { readonly node: GossipNode }; // not the port's, but there
    const heard: Uint8Array[] = [];
    const hear = ({ detail }: CustomEvent<{ msg: { data: Uint8Array } }>): void => {
      heard.push(detail.msg.data.slice(1));
      if (heard.length > MAX_HEARD) heard.shift();
    };
    node.services.gossip.addEventListener("gossipsub:message", hear);
    let topic = "";
    const upToDate = Promise.withResolvers<undefined>();
    const participant = await startParticipant({
      chain: createJobChain(
        endpoint,
        addresses,
        terms,
        createSender(endpoint, this.#operatorKey),
        createJobWatcher(endpoint, addresses),
      ),
      openNetwork: (options: NetworkOptions) => {
        topic = options.topic;
        return followAlone(host, options);
      },
      storage,
      learner: createLearner({ trainer, train, validation, spec, seed: [this.#member] }),
      spec,
      privateKey,
      initialParams: () => trainer.initialParams(spec.seed),
      clock: machineClock,
      randomBytes: (count) => new Uint8Array(randomBytes(count)),
      relaySeconds: 2,
      retrySeconds: 1,
      observer: {
        onState: ({ view, modelId }) => {
          if (view?.modelId === modelId) upToDate.resolve(undefined);
        },
      },
    });
    this.#running = {
      attack: { node, topic, heard },
      upToDate: upToDate.promise,
      async stop() {
        await participant.stop();
        await trainer.close();
        storage.close();
      },
    };
  }

  /** Its wallet rotates to a fresh operator, who signs from the next draw on. */
  async rotate(): Promise<SimulatedAccount> {
    const spare = simulatedAccounts(1, 1000 + this.#keys++)[0]!;
    await this.#rotateTo(spare);
    return spare;
  }

  /** Comes back with a key that it has rotated to, and what it has on its disk. Resolves when it has caught up. */
  async comeBack({ operatorKey }: SimulatedAccount): Promise<void> {
    await this.stop();
    this.#operatorKey = operatorKey;
    await this.start();
    await this.#running!.upToDate;
  }

  async stop(): Promise<void> {
    await this.#running?.stop();
    this.#running = undefined;
  }

  async close(): Promise<void> {
    await this.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #rotateTo(spare: SimulatedAccount): Promise<void> {
    const { endpoint, deployment, accounts, job } = this.#federation;
    const { registry, chainId } = deployment;
    const { wallet, walletKey } = accounts[this.#member]!;
    const sender = createSender(endpoint, walletKey);
    const nonce = await readRegistrationNonce(endpoint, registry, wallet);
    const digest = registrationDigest({ chainId, registry }, { wallet, operator: spare.operator, nonce });
    await sender.pay(spare.operator, 10n ** 17n);
    await rotate(sender, registry, spare.operator, signDigest(digest, fromHex(spare.operatorKey)));
    await refreshOperator(sender, job, this.#member);
  }
}
