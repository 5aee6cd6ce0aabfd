// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IConsortiumRegistry} from "./interfaces/IConsortiumRegistry.sol";
import {Registry} from "./Registry.sol";

/// @title The registry of a consortium. See IConsortiumRegistry.
contract ConsortiumRegistry is IConsortiumRegistry, Registry, AccessManaged {
    /// @inheritdoc IConsortiumRegistry
    mapping(address wallet => bool) public isAllowed;

    /// @param authority the AccessManager that says who is admin
    /// @param wallets the list to begin with, so that an admin with a delay need not wait for its first members
    constructor(address authority, address[] memory wallets) AccessManaged(authority) {
        for (uint256 i; i < wallets.length; ++i) _setAllowed(wallets[i], true);
    }

    /// @inheritdoc IConsortiumRegistry
    function setAllowed(address[] calldata wallets, bool allowed) external restricted {
        for (uint256 i; i < wallets.length; ++i) _setAllowed(wallets[i], allowed);
    }

    /// @inheritdoc Registry
    function register(address operator, bytes calldata consent) public override {
        if (!isAllowed[msg.sender]) revert WalletNotAllowed(msg.sender);
        super.register(operator, consent);
    }

    /// @inheritdoc Registry
    function mayJoin(address wallet) public view override returns (bool) {
        return isAllowed[wallet] && super.mayJoin(wallet);
    }

    function _setAllowed(address wallet, bool allowed) private {
        isAllowed[wallet] = allowed;
        emit AllowedSet(wallet, allowed);
    }
}
