// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {Proxy} from "@openzeppelin/contracts/proxy/Proxy.sol";
import {ICourt} from "./interfaces/ICourt.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {ITreasury} from "./interfaces/ITreasury.sol";
import {Phase} from "./interfaces/JobTypes.sol";
import {JobStorage} from "./job/JobStorage.sol";
import {Judging} from "./job/Judging.sol";

/// @title One job's rounds. See IJobRounds.
/// @dev A clone made by JobFactory; its terms stand in the clone's code. What is not here is in JobDesk.
contract Job is Judging, Proxy {
    using Address for address;

    address private immutable DESK;
    address private immutable SELF = address(this);

    constructor(
        IRegistry registry,
        ITreasury treasury,
        ICourt court,
        address desk
    ) JobStorage(registry, treasury, court) {
        DESK = desk;
    }

    function initialize() external {
        // The implementation itself never starts, and a clone only once.
        if (address(this) == SELF || clock.phaseStart != 0) revert OnlyFactory(msg.sender);
        _enter(clock, Phase.Joining);
    }

    function _leaveToDesk() internal override {
        _delegate(DESK);
    }

    function _closeAtDesk() internal override {
        DESK.functionDelegateCall(abi.encodeCall(this.advance, ()));
    }

    function _implementation() internal view override returns (address) {
        return DESK;
    }
}
