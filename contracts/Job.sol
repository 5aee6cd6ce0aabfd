// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {ICourt} from "./interfaces/ICourt.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {ITreasury} from "./interfaces/ITreasury.sol";
import {Phase} from "./interfaces/JobTypes.sol";
import {JobStorage} from "./job/JobStorage.sol";
import {Judging} from "./job/Judging.sol";

/// @title One job's rounds. See IJobRounds.
/// @dev A clone made by JobFactory; its terms stand in the clone's code. What is not here is in JobDesk.
contract Job is Judging {
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

    /// @dev What is not here is at the desk.
    fallback() external {
        _leaveToDesk();
    }

    /// @dev As OpenZeppelin's Proxy does, but with memory that Solidity knows of: with theirs, which writes from zero on, the
    /// compiler keeps every variable of this contract on the stack, and runs out of it.
    function _leaveToDesk() internal override {
        address desk = DESK;
        assembly ("memory-safe") {
            let data := mload(0x40)
            calldatacopy(data, 0, calldatasize())
            let done := delegatecall(gas(), desk, data, calldatasize(), 0, 0)
            returndatacopy(data, 0, returndatasize())
            if iszero(done) {
                revert(data, returndatasize())
            }
            return(data, returndatasize())
        }
    }

    function _closeAtDesk() internal override {
        DESK.functionDelegateCall(abi.encodeCall(this.advance, ()));
    }
}
