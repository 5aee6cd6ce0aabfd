// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What the registry of a consortium adds to IRegistry: a list of the wallets that may take part.
/// @notice The list decides who may register and who may join a job, and nothing else. Whoever is taken off it keeps its
/// seat in the jobs that it has joined, its stake, its credits and its payout address, may leave and withdraw, and may
/// rotate a lost operator key.
interface IConsortiumRegistry {
    event AllowedSet(address indexed wallet, bool allowed);

    error WalletNotAllowed(address wallet);

    /// @notice Puts wallets on the list, or takes them off. Admin role.
    function setAllowed(address[] calldata wallets, bool allowed) external;

    /// @return whether `wallet` is on the list
    function isAllowed(address wallet) external view returns (bool);
}
