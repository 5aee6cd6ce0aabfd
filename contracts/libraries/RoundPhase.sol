// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {JobTerms, Phase} from "../interfaces/IJob.sol";

/// @title How long a phase lasts, and how many of the seats decide.
library RoundPhase {
    /// @notice Two thirds, rounded up.
    function quorumOf(uint256 judges) internal pure returns (uint256) {
        unchecked {
            return (2 * judges + 2) / 3;
        }
    }

    /// @notice Seconds after which a phase may be closed although it is not complete.
    /// @param slotsLeft of the Propose phase
    /// @param attested whether a quorum has attested the standing proposal
    function lengthOf(
        Phase phase,
        JobTerms memory terms,
        uint256 slotsLeft,
        bool attested
    ) internal pure returns (uint256) {
        if (phase == Phase.Joining) return terms.joinSeconds;
        if (phase == Phase.Commit) return terms.commitSeconds;
        if (phase == Phase.Share) return terms.shareSeconds;
        if (phase == Phase.Propose) return slotsLeft * terms.slotSeconds;
        if (phase == Phase.Score) return terms.scoreSeconds;
        return attested && terms.attestSeconds < terms.challengeSeconds ? terms.attestSeconds : terms.challengeSeconds;
    }

    /// @notice Number of bits set, of a mask of 64.
    function popCount(uint256 mask) internal pure returns (uint256 count) {
        unchecked {
            for (; mask != 0; mask &= mask - 1) ++count;
        }
    }

    /// @notice The lowest `count` bits.
    function fullMask(uint256 count) internal pure returns (uint256) {
        unchecked {
            return (1 << count) - 1;
        }
    }
}
