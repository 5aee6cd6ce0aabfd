// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICourt} from "./interfaces/ICourt.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {ITreasury} from "./interfaces/ITreasury.sol";
import {CourtDoor} from "./job/CourtDoor.sol";
import {Entrance} from "./job/Entrance.sol";
import {JobStorage} from "./job/JobStorage.sol";
import {JobViews} from "./job/JobViews.sol";
import {Membership} from "./job/Membership.sol";

/// @title What a job does beside its rounds. See IJobDesk.
/// @dev Job delegates to it: it runs in the job's storage. Called by itself it has no members and no terms.
contract JobDesk is Membership, Entrance, CourtDoor, JobViews {
    constructor(IRegistry registry, ITreasury treasury, ICourt court) JobStorage(registry, treasury, court) {}
}
