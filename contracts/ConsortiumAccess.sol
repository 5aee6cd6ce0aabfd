// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IJobFactory} from "./interfaces/IJobFactory.sol";

/// @title Who is admin and who is sponsor in a consortium: OpenZeppelin's AccessManager, complete from its constructor on.
/// @notice The admin keeps the list of wallets, bounds the terms of new jobs and grants the roles, after its delay; sponsors
/// open jobs. Whoever deploys the contracts never has a role, not for a moment.
contract ConsortiumAccess is AccessManager {
    uint64 public constant SPONSOR_ROLE = 1;

    /// @param adminDelay seconds between the admin's scheduling of a call and the call
    constructor(address admin, uint32 adminDelay, address[] memory sponsors) AccessManager(admin) {
        _grantRole(ADMIN_ROLE, admin, 0, adminDelay);
        emit RoleLabel(SPONSOR_ROLE, "SPONSOR");
        for (uint256 i; i < sponsors.length; ++i) _grantRole(SPONSOR_ROLE, sponsors[i], 0, 0);
    }

    /// @inheritdoc AccessManager
    /// @dev `createJob` belongs to sponsors wherever the admin has not given it to another role: said here, because a
    /// factory's address is not known yet when the roles are.
    function getTargetFunctionRole(address target, bytes4 selector) public view override returns (uint64 role) {
        role = super.getTargetFunctionRole(target, selector);
        if (role == ADMIN_ROLE && selector == IJobFactory.createJob.selector) role = SPONSOR_ROLE;
    }
}
