// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Weights, means in 1/256 steps, and order, in exact integers.
/// @notice Bit for bit node/core/weightedMean.ts.
library FixedPoint {
    /// @notice What an update may weigh: min(exampleCount, weightCap, 2 * lower median of all counts).
    /// @param exampleCounts of the include set, each at least 1; sorted in place
    function weightBound(uint256[] memory exampleCounts, uint256 weightCap) internal pure returns (uint256 bound) {
        bound = 2 * lowerMedian(exampleCounts);
        if (weightCap < bound) bound = weightCap;
    }

    /// @return the weight of an update in the aggregate
    function weightOf(uint256 exampleCount, uint256 bound) internal pure returns (uint256) {
        return exampleCount < bound ? exampleCount : bound;
    }

    /// @notice floor((512 * weightedSum + weightSum) / (2 * weightSum)) toward minus infinity: the mean in 1/256 steps,
    /// rounded half up.
    /// @param weightedSum |weightedSum| < 2^245
    /// @param weightSum 1 to 2^245
    function meanOf(int256 weightedSum, uint256 weightSum) internal pure returns (int256 mean) {
        unchecked {
            int256 numerator = 512 * weightedSum + int256(weightSum);
            int256 denominator = 2 * int256(weightSum);
            mean = numerator / denominator;
            // Solidity's division truncates toward zero.
            if (numerator < 0 && mean * denominator != numerator) --mean;
        }
    }

    /// @notice Element floor((n - 1) / 2) of the sorted values, n at least 1. Sorts in place.
    function lowerMedian(uint256[] memory values) internal pure returns (uint256) {
        sort(values);
        return values[(values.length - 1) / 2];
    }

    /// @notice Binary insertion sort, ascending, in place: for the few dozen values of a round, often in order already.
    function sort(uint256[] memory values) internal pure {
        assembly ("memory-safe") {
            let first := add(values, 0x20)
            let end := add(first, shl(5, mload(values)))
            let last := first
            for {
                let next := add(first, 0x20)
            } lt(next, end) {
                next := add(next, 0x20)
            } {
                let value := mload(next)
                if gt(mload(last), value) {
                    // The first greater value stands in low ... high.
                    let low := first
                    let high := last
                    for {} lt(low, high) {} {
                        let middle := add(low, and(shr(1, sub(high, low)), not(0x1f)))
                        switch gt(mload(middle), value)
                        case 0 {
                            low := add(middle, 0x20)
                        }
                        default {
                            high := middle
                        }
                    }
                    mcopy(add(low, 0x20), low, sub(next, low))
                    mstore(low, value)
                }
                last := next
            }
        }
    }

    /// @notice Sorts ascending, in place.
    function sortSigned(int256[] memory values) internal pure {
        // With their signs flipped, integers are in order as unsigned ones.
        uint256[] memory flipped;
        assembly ("memory-safe") {
            flipped := values
        }
        _flipSigns(flipped);
        sort(flipped);
        _flipSigns(flipped);
    }

    function _flipSigns(uint256[] memory values) private pure {
        unchecked {
            for (uint256 i; i < values.length; ++i) values[i] ^= 1 << 255;
        }
    }
}
