// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Counts votes for all positions at once.
library BitCounts {
    /// @notice Bits that are set in at least `threshold` of the masks. The counts are kept as bit planes: bit p of plane k is bit
    /// k of the count at p, so that one addition counts all positions.
    /// @param masks at most 63
    function atLeast(uint256[] memory masks, uint256 threshold) internal pure returns (uint256 kept) {
        unchecked {
            uint256[6] memory planes;
            for (uint256 i; i < masks.length; ++i) {
                uint256 carry = masks[i];
                for (uint256 k; carry != 0; ++k) (planes[k], carry) = (planes[k] ^ carry, planes[k] & carry);
            }
            uint256 equal = type(uint256).max;
            for (uint256 k = 6; k-- > 0;) {
                if ((threshold >> k) & 1 == 0) {
                    kept |= equal & planes[k];
                    equal &= ~planes[k];
                } else {
                    equal &= planes[k];
                }
            }
            kept |= equal;
        }
    }
}
