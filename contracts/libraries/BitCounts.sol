// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Counts votes for all positions at once.
library BitCounts {
    /// @notice In how many of the masks each bit is set, as bit planes: bit p of plane k is bit k of the count at p, so that
    /// one addition counts all positions.
    /// @param masks at most 63
    function count(uint256[] memory masks) internal pure returns (uint256[6] memory planes) {
        unchecked {
            uint256[6] memory p = planes;
            for (uint256 i; i < masks.length; ++i) {
                uint256 carry = masks[i];
                (p[0], carry) = (p[0] ^ carry, p[0] & carry);
                (p[1], carry) = (p[1] ^ carry, p[1] & carry);
                (p[2], carry) = (p[2] ^ carry, p[2] & carry);
                (p[3], carry) = (p[3] ^ carry, p[3] & carry);
                (p[4], carry) = (p[4] ^ carry, p[4] & carry);
                p[5] ^= carry;
            }
        }
    }

    /// @return reached bits whose count is at least `threshold`
    /// @param threshold at most 63
    function atLeast(uint256[6] memory planes, uint256 threshold) internal pure returns (uint256 reached) {
        unchecked {
            uint256 equal = type(uint256).max; // as far as it was compared
            for (uint256 k = 6; k-- > 0;) {
                if ((threshold >> k) & 1 == 0) {
                    reached |= equal & planes[k];
                    equal &= ~planes[k];
                } else {
                    equal &= planes[k];
                }
            }
            reached |= equal;
        }
    }
}
