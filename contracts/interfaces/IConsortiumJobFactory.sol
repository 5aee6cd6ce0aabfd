// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @notice What the terms of a consortium's new jobs must keep to, within the hard caps of the factory.
struct TermBounds {
    IERC20 token; // of pools and stakes; zero for any
    uint96 minStake;
    uint16 maxSlashPermille; // of the stake: what a fault or a miss may cost. Equivocation always takes all
    uint16 minCommitteeSize;
    uint32 minPhaseSeconds; // of every phase that members must act in
    uint32 maxPhaseSeconds; // of every phase
}

/// @title What the factory of a consortium adds to IJobFactory: only sponsors open jobs, within bounds that the admin sets.
/// @notice Bounds and roles are asked when a job is made, and never again: no role has any power over a job that exists.
interface IConsortiumJobFactory {
    event BoundsSet(TermBounds bounds);

    /// @notice Bounds the terms of jobs made from now on. Admin role. Bounds that contradict each other are refused with
    /// BadTerm.
    function setBounds(TermBounds calldata bounds) external;

    function termBounds() external view returns (TermBounds memory);
}
