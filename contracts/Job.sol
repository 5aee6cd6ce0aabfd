// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IJob, Phase} from "./interfaces/IJob.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {ITreasury} from "./interfaces/ITreasury.sol";
import {Judging} from "./job/Judging.sol";
import {JobViews} from "./job/JobViews.sol";
import {Transitions} from "./job/Transitions.sol";
import {Sortition} from "./libraries/Sortition.sol";

/// @title One job: its members and its rounds. See IJob.
/// @dev A clone made by JobFactory; its terms stand in the clone's code.
contract Job is Transitions, Judging, JobViews {
    constructor(IRegistry registry, ITreasury treasury, address court) {
        (REGISTRY, TREASURY, COURT) = (registry, treasury, court);
        sponsor = address(this); // nobody can initialise the implementation
    }

    /// @inheritdoc IJob
    /// @dev Once; the factory calls it in the transaction that makes the clone.
    function initialize(address sponsor_) external {
        if (sponsor != address(0)) revert OnlyFactory(msg.sender);
        sponsor = sponsor_;
        bytes32 genesis = _terms().genesisHash;
        modelId = genesis;
        seed = Sortition.firstSeed(address(this), genesis);
        saltSum = 1;
        _enter(clock, Phase.Joining);
    }
}
