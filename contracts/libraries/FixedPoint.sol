// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The weighted mean of federated averaging in exact integers (McMahan et al. 2017, arXiv:1602.05629).
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

    /// @notice Insertion sort, ascending, in place: for the few dozen values of a round, often sorted already.
    function sort(uint256[] memory values) internal pure {
        assembly ("memory-safe") {
            let first := add(values, 0x20)
            let end := add(first, shl(5, mload(values)))
            for {
                let next := add(first, 0x20)
            } lt(next, end) {
                next := add(next, 0x20)
            } {
                let value := mload(next)
                let at := next
                for {} gt(at, first) {} {
                    let below := mload(sub(at, 0x20))
                    if iszero(gt(below, value)) {
                        break
                    }
                    mstore(at, below)
                    at := sub(at, 0x20)
                }
                mstore(at, value)
            }
        }
    }
}
