// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {JobTerms, Phase} from "../interfaces/JobTypes.sol";

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
        // A draw that has too few candidates waits as long as members had to join.
        if (phase == Phase.Joining || phase == Phase.Draw) return terms.joinSeconds;
        if (phase == Phase.Commit) return terms.commitSeconds;
        if (phase == Phase.Share) return terms.shareSeconds;
        if (phase == Phase.Propose) return slotsLeft * terms.slotSeconds;
        if (phase == Phase.Score) return terms.scoreSeconds;
        return attested && terms.demandSeconds < terms.challengeSeconds ? terms.demandSeconds : terms.challengeSeconds;
    }

    /// @notice Number of bits set in a mask of 64, summed in parallel (Hacker's Delight, 5-1).
    function popCount(uint256 mask) internal pure returns (uint256 count) {
        unchecked {
            count = mask - ((mask >> 1) & 0x5555555555555555);
            count = (count & 0x3333333333333333) + ((count >> 2) & 0x3333333333333333);
            count = (count + (count >> 4)) & 0x0f0f0f0f0f0f0f0f;
            count = ((count * 0x0101010101010101) >> 56) & 0xff;
        }
    }

    /// @return index of the bit of `mask` that has `below` set bits under it
    function indexOfBit(uint256 mask, uint256 below) internal pure returns (uint256 index) {
        unchecked {
            for (; below > 0; --below) mask &= mask - 1;
            while (mask & 1 == 0) {
                mask >>= 1;
                ++index;
            }
        }
    }

    /// @notice The lowest `count` bits.
    function fullMask(uint256 count) internal pure returns (uint256) {
        unchecked {
            return (1 << count) - 1;
        }
    }
}
