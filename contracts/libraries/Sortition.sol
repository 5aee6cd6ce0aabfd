// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Draws without replacement from a seed. Bit for bit node/core/sortition.ts.
library Sortition {
    bytes32 internal constant COHORT = keccak256("cohort");
    bytes32 internal constant COMMITTEE = keccak256("committee");

    /// @dev A power of two well above the 64 places that are drawn at most.
    uint256 private constant TABLE = 256;

    /// @notice The first `count` places of a Fisher-Yates shuffle of 0 .. size - 1: place i swaps with
    /// i + keccak256(seed, tag, i) mod (size - i). Kept sparse, so that the cost depends on `count` only.
    /// @param count at most `size` and 64; size below 2^16
    function draw(
        bytes32 seed,
        bytes32 tag,
        uint256 size,
        uint256 count
    ) internal pure returns (uint256[] memory drawn) {
        unchecked {
            drawn = new uint256[](count);
            uint256[TABLE] memory moved; // open addressing: (place + 1) << 16 | what stands there now
            for (uint256 i; i < count; ++i) {
                uint256 place = i + (uint256(keccak256(abi.encode(seed, tag, i))) % (size - i));
                uint256 slot = _slotOf(moved, place);
                drawn[i] = moved[slot] == 0 ? place : moved[slot] & 0xffff;
                uint256 here = moved[_slotOf(moved, i)];
                moved[slot] = ((place + 1) << 16) | (here == 0 ? i : here & 0xffff);
            }
        }
    }

    /// @return slot of `place` in the table, or the free one where it would stand
    function _slotOf(uint256[TABLE] memory moved, uint256 place) private pure returns (uint256 slot) {
        slot = place % TABLE;
        while (moved[slot] != 0 && moved[slot] >> 16 != place + 1) slot = (slot + 1) % TABLE;
    }

    /// @notice The seed before the first draw.
    function firstSeed(address job, bytes32 genesisHash) internal view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, job, genesisHash));
    }

    /// @notice What one opening's salt adds to the salt sum, modulo 2^256: the order of posting does not matter.
    function saltShare(uint256 memberId, bytes32 salt) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(memberId, salt)));
    }

    /// @param saltSum over the openings of the last round; 0 in the first
    /// @param entropy hash of the block in which the last commits closed; zero where nobody recorded it in time
    function nextSeed(bytes32 seed, uint256 saltSum, bytes32 entropy) internal pure returns (bytes32) {
        return keccak256(abi.encode(seed, saltSum, entropy));
    }
}
