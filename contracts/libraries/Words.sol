// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Elements of arrays in memory without the check of their index, for loops whose bounds are known.
library Words {
    function get(uint256[] memory values, uint256 index) internal pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := mload(add(add(values, 0x20), shl(5, index)))
        }
    }

    function put(uint256[] memory values, uint256 index, uint256 value) internal pure {
        assembly ("memory-safe") {
            mstore(add(add(values, 0x20), shl(5, index)), value)
        }
    }

    /// @notice The same array: in memory an element takes a word whatever its type.
    /// @param values each below 2^16
    function asIds(uint256[] memory values) internal pure returns (uint16[] memory ids) {
        assembly ("memory-safe") {
            ids := values
        }
    }

    /// @notice Writes ids into consecutive slots, sixteen a word, as a storage array of uint16 has them. What is left of the
    /// last word becomes zero.
    function storeIds(uint256 slot, uint256[] memory ids) internal {
        unchecked {
            uint256 word;
            for (uint256 i; i < ids.length; ++i) {
                word |= get(ids, i) << (16 * (i & 15));
                if (i & 15 != 15 && i + 1 < ids.length) continue;
                assembly ("memory-safe") {
                    sstore(add(slot, shr(4, i)), word)
                }
                word = 0;
            }
        }
    }
}
