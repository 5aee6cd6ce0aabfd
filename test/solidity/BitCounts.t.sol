// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BitCounts} from "../../contracts/libraries/BitCounts.sol";
import {Test} from "./helpers/Test.sol";

contract BitCountsTest is Test {
    function testFuzz_countsAreThoseOfEachBit(uint256 size, uint256 seed, uint256 threshold) external pure {
        uint256[] memory masks = new uint256[](bound(size, 0, 63));
        // Now dense, now sparse: so that counts lie on both sides of the threshold.
        for (uint256 i; i < masks.length; ++i) {
            masks[i] = uint256(keccak256(abi.encode(seed, i)));
            if (seed % 3 == 0) masks[i] |= uint256(keccak256(abi.encode(seed, i, "more")));
            if (seed % 3 == 1) masks[i] &= uint256(keccak256(abi.encode(seed, i, "less")));
        }
        threshold = bound(threshold, 0, 63);
        uint256 reached = BitCounts.atLeast(BitCounts.count(masks), threshold);
        for (uint256 bit; bit < 256; ++bit) {
            uint256 count;
            for (uint256 i; i < masks.length; ++i) count += (masks[i] >> bit) & 1;
            assertEq((reached >> bit) & 1, count < threshold ? 0 : 1, "a bit was counted wrong");
        }
    }
}
