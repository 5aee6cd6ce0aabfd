// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IJobEvents} from "./IJobEvents.sol";
import {JobTerms, Member, Phase, RoundRecord, RoundView} from "./JobTypes.sol";

/// @title What a job does beside its rounds: members, credits, the Court's door, and all that can be read.
interface IJobDesk is IJobEvents {
    /// @notice Joins with the operator that the calling wallet registered, and locks `amount` of stake, at least that of the
    /// terms. Takes part in the first draw after the next commits have closed (before the start: at once).
    function join(uint96 amount) external returns (uint16 memberId);

    /// @notice Locks more stake of the calling wallet: for stake-weighted draws, or after a slash.
    function addStake(uint96 amount) external;

    /// @notice Leaves: out of the draws that follow the next close of commits. The stake unbonds from then on, or, where the
    /// member is drawn in that round, from a call of `unbond` after it. At once before the start and after the end.
    function leaveJob() external;

    /// @notice Starts the unbonding of the stake of a member that has left the draws, or was ejected, and whose last round is over.
    /// Anyone; nothing happens where it has started.
    function unbond(uint16 memberId) external;

    /// @notice Brings a suspended member back, once its draws are over, or when too few others are left. Anyone.
    function resume(uint16 memberId) external;

    /// @notice Takes over the operator that the member's wallet has rotated to, from the next draw on. Anyone.
    function refreshOperator(uint16 memberId) external;

    /// @notice Sends what a member has earned here to its wallet's payout address. Anyone may pay the gas.
    function claim(uint16 memberId) external returns (uint256 amount);

    /// @notice The standing proposal is proven wrong: slashes and ejects its poster and those who attested it, and returns the
    /// round to Propose with the next slot. Court only.
    function faultProposal(address prover) external;

    /// @notice A settled round is proven wrong: slashes and ejects its poster and those who attested it, as far as their stake
    /// is still bonded, and marks the round. Court only.
    function faultRecord(uint32 round, RoundRecord calldata record, address prover) external;

    /// @notice A member signed two roots for one slot: takes all its stake, and ejects it. Court only.
    function faultMember(uint16 memberId, address prover) external;

    /// @notice A demand was made: the window stays open. Court only.
    function openDemand() external;

    /// @notice A demand was answered: who asked has as long again to ask on. Court only.
    function closeDemand() external;

    function terms() external view returns (JobTerms memory);
    function sponsor() external view returns (address);
    function phase() external view returns (Phase);
    function roundView() external view returns (RoundView memory);
    function memberCount() external view returns (uint256);
    /// @notice Members by id, `from` included, `to` not; ids count from 0.
    function members(uint256 from, uint256 to) external view returns (Member[] memory);
    /// @return the member's id plus one, zero for a wallet that never joined
    function memberIdPlusOne(address wallet) external view returns (uint256);
    /// @notice What the Court judges by; the root is zero without a standing proposal.
    function standingProposal()
        external
        view
        returns (
            uint32 round,
            uint8 slot,
            uint256 proposedAt,
            bytes32 seed,
            bytes32 includeHash,
            bytes32 aggregateRoot
        );
    /// @notice keccak256(abi.encode(RoundRecord)) of a settled round; zero otherwise, and once it was proven wrong.
    function roundRecord(uint32 round) external view returns (bytes32);
    /// @return whether `wallet` trains or sits in the running round: its stake cannot be withdrawn meanwhile
    function isDrawn(address wallet) external view returns (bool);
}
