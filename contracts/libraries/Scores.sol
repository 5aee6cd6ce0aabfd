// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FixedPoint} from "./FixedPoint.sol";
import {Words} from "./Words.sol";

/// @title From score vectors to pay. Bit for bit node/core/scores.ts.
library Scores {
    /// @notice What a score vector sums to.
    uint256 internal constant SUM = 10_000;
    /// @notice Fewer scores than this and the trailing score is used.
    uint256 internal constant MIN_SCORES = 3;
    /// @notice The trailing score counts in 1/256 of a score point.
    uint256 internal constant TRAILING_UNIT = 256;
    /// @notice Stands for a median that fewer than three scores gave.
    uint256 internal constant NONE = type(uint256).max;
    /// @notice Scores in a word of a packed vector, 16 bits each, the first in the highest.
    uint256 internal constant LANES = 16;

    uint256 private constant EVEN_LANES = 0x0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff;
    uint256 private constant EVEN_ONES = 0x0000000100000001000000010000000100000001000000010000000100000001;
    /// @dev The highest bit of each lane, which no score reaches.
    uint256 private constant HIGH_BITS = 0x8000800080008000800080008000800080008000800080008000800080008000;

    /// @notice The sum of a word's sixteen scores, added side by side.
    function sumOf(uint256 word) internal pure returns (uint256 sum) {
        unchecked {
            sum = (word & EVEN_LANES) + ((word >> 16) & EVEN_LANES); // eight lanes of 32 bits
            sum = (sum * EVEN_ONES) >> 224; // the highest lane of the product is the sum of all
        }
    }

    /// @notice Lower median of the scores that an update was given, NONE where they are fewer than three. Sorts in place.
    function medianOf(uint256[] memory given) internal pure returns (uint256) {
        return given.length < MIN_SCORES ? NONE : FixedPoint.lowerMedian(given);
    }

    /// @notice Lower medians of the scores that sixteen updates were given, NONE where they are fewer than three.
    /// @param words one of each voter's packed vector, the same sixteen updates in all, each score below 2^15; scrambled by
    /// the call
    /// @param owns index of each voter's own update, which it does not score; distinct, or NONE
    /// @param first index of the first of the sixteen updates
    /// @param medians by include order; those from `first` on are written, sixteen or as many as there are
    function mediansOf(
        uint256[] memory words,
        uint256[] memory owns,
        uint256 first,
        uint256[] memory medians
    ) internal pure {
        unchecked {
            uint256 owned = _maskOwn(words, owns, first);
            uint256 voters = words.length;
            (uint256 below, uint256 median) = voters == 0 ? (0, 0) : _middle(words);
            // Where the owner does not count, an odd number of voters becomes an even one, with its middle one lower.
            uint256 ofOwned = voters % 2 == 0 ? median : below;
            uint256 end = medians.length - first < LANES ? medians.length : first + LANES;
            for (uint256 shift = 240; first < end; shift -= 16) {
                uint256 own = (owned >> shift) & 1;
                uint256 score = ((own == 0 ? median : ofOwned) >> shift) & 0xffff;
                Words.put(medians, first++, voters - own < MIN_SCORES ? NONE : score);
            }
        }
    }

    /// @dev Puts the greatest number where a voter would score its own update, so that it sorts last.
    /// @return owned the lowest bit of each lane in which there is one
    function _maskOwn(
        uint256[] memory words,
        uint256[] memory owns,
        uint256 first
    ) private pure returns (uint256 owned) {
        unchecked {
            for (uint256 v; v < words.length; ++v) {
                uint256 lane = owns[v] - first; // wraps below `first`
                if (lane >= LANES) continue;
                uint256 lowest = 1 << (240 - 16 * lane);
                owned |= lowest;
                words[v] |= 0x7fff * lowest;
            }
        }
    }

    /// @dev Selection sort of all lanes at once, as far as the lower middle.
    /// @param words at least one; scrambled by the call
    /// @return below the words' value of the rank below the middle, 0 where there is none
    /// @return middle their lower median
    function _middle(uint256[] memory words) private pure returns (uint256 below, uint256 middle) {
        assembly ("memory-safe") {
            let end := add(add(words, 0x20), shl(5, mload(words)))
            let middleEnd := add(add(words, 0x20), shl(5, shr(1, add(mload(words), 1))))
            for {
                let at := add(words, 0x20)
            } lt(at, middleEnd) {
                at := add(at, 0x20)
            } {
                below := middle
                middle := mload(at)
                for {
                    let next := add(at, 0x20)
                } lt(next, end) {
                    next := add(next, 0x20)
                } {
                    let other := mload(next)
                    // A lane's high bit stays where `middle` is not below `other`, and becomes a mask of its 15 bits.
                    let high := and(sub(or(middle, HIGH_BITS), other), HIGH_BITS)
                    let swap := and(xor(middle, other), sub(high, shr(15, high)))
                    middle := xor(middle, swap)
                    mstore(next, xor(other, swap))
                }
            }
        }
    }

    /// @notice The scores that a round pays by: medians, the trailing score where one is NONE; when all are zero the
    /// trailing scores for all, in 1/256 points; when those are zero too, 1 for everybody.
    /// @param trailing by include order, in 1/256 points
    function roundScores(
        uint256[] memory medians,
        uint256[] memory trailing
    ) internal pure returns (uint256[] memory scores) {
        unchecked {
            uint256 count = medians.length;
            scores = new uint256[](count);
            uint256 sum;
            uint256 trailingSum;
            for (uint256 i; i < count; ++i) {
                uint256 last = Words.get(trailing, i);
                uint256 score = Words.get(medians, i);
                if (score == NONE) score = last / TRAILING_UNIT;
                Words.put(scores, i, score);
                sum += score;
                trailingSum += last;
            }
            if (sum > 0) return scores;
            for (uint256 i; i < count; ++i) Words.put(scores, i, trailingSum > 0 ? Words.get(trailing, i) : 1);
        }
    }

    /// @notice A quarter of the way from the trailing score to the median, in 1/256 points.
    function nextTrailing(uint256 trailing, uint256 median) internal pure returns (uint256) {
        unchecked {
            return (3 * trailing + TRAILING_UNIT * median) / 4;
        }
    }

    /// @notice Splits `amount` to the wei: floors, then one wei each by largest remainder, ties to the lower index.
    /// @param amount below 2^216
    /// @param scores not all zero, at most 256 of them, their sum below 2^40
    function splitByScore(uint256 amount, uint256[] memory scores) internal pure returns (uint256[] memory parts) {
        parts = new uint256[](scores.length);
        uint256[] memory remainders = new uint256[](scores.length);
        uint256 sum;
        uint256 left = amount;
        uint256 histogram; // of the remainders by sixteenths of `sum`, 16 bits each
        assembly ("memory-safe") {
            let last := shl(5, mload(scores))
            for {
                let at := last
            } at {
                at := sub(at, 0x20)
            } {
                sum := add(sum, mload(add(scores, at)))
            }
            for {
                let at := last
            } at {
                at := sub(at, 0x20)
            } {
                let product := mul(amount, mload(add(scores, at)))
                let part := div(product, sum)
                let remainder := sub(product, mul(part, sum))
                mstore(add(parts, at), part)
                mstore(add(remainders, at), remainder)
                left := sub(left, part)
                histogram := add(histogram, shl(shl(4, div(shl(4, remainder), sum)), 1))
            }
        }
        if (left > 0) _roundUp(parts, remainders, sum, left, histogram);
    }

    /// @dev One wei more for the `left` parts of largest remainder. Who is above the sixteenth of `sum` in which the last of
    /// them lies gets it without a comparison; only within that sixteenth they are sorted.
    function _roundUp(
        uint256[] memory parts,
        uint256[] memory remainders,
        uint256 sum,
        uint256 left,
        uint256 histogram
    ) private pure {
        unchecked {
            uint256 decisive = 15;
            for (uint256 found; (found = (histogram >> (16 * decisive)) & 0xffff) < left; --decisive) left -= found;

            uint256 count = parts.length;
            uint256[] memory rivals = new uint256[]((histogram >> (16 * decisive)) & 0xffff);
            uint256 rival;
            // Backwards, so that equals come in order: the lower index sorts above.
            for (uint256 i = count; i-- > 0;) {
                uint256 remainder = Words.get(remainders, i);
                uint256 sixteenth = (16 * remainder) / sum;
                if (sixteenth > decisive) Words.put(parts, i, Words.get(parts, i) + 1);
                else if (sixteenth == decisive) Words.put(rivals, rival++, (remainder << 8) | (count - 1 - i));
            }
            FixedPoint.sort(rivals);
            for (; left > 0; --left) {
                uint256 winner = count - 1 - (Words.get(rivals, --rival) & 0xff);
                Words.put(parts, winner, Words.get(parts, winner) + 1);
            }
        }
    }
}
