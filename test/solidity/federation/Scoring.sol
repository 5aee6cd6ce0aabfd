// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Chronicle} from "./Chronicle.sol";

/// @dev What a round should pay by, from the vectors that were opened: worked out vote by vote.
abstract contract Scoring is Chronicle {
    uint256 private constant MIN_SCORES = 3;
    uint256 private constant UNIT = 256;

    /// @dev By include order. Moves the trailing scores.
    function _scoresOf(JobBook storage book) internal returns (uint256[] memory scores) {
        uint256 count = book.updates.length;
        scores = new uint256[](count);
        uint256[] memory trailing = new uint256[](count);
        uint256 sum;
        uint256 trailingSum;
        for (uint256 k; k < count; ++k) {
            uint256 memberId = book.updates[k].memberId;
            trailing[k] = book.trailing[memberId];
            (uint256 votes, uint256 median) = _medianOf(book, k, memberId);
            if (votes >= MIN_SCORES) book.trailing[memberId] = (3 * trailing[k] + UNIT * median) / 4;
            scores[k] = votes >= MIN_SCORES ? median : trailing[k] / UNIT;
            sum += scores[k];
            trailingSum += trailing[k];
        }
        for (uint256 k; sum == 0 && k < count; ++k) scores[k] = trailingSum == 0 ? 1 : trailing[k];
    }

    /// @dev The lower one, over all live seats but the update's owner that opened a vector.
    function _medianOf(
        JobBook storage book,
        uint256 k,
        uint256 memberId
    ) private view returns (uint256 votes, uint256 median) {
        uint256[] memory given = new uint256[](book.seats.length);
        for (uint256 seat; seat < given.length; ++seat) {
            bytes memory vector = book.vectors[seat];
            bool counts = ((book.scored & ~book.faulted) >> seat) & 1 == 1 && vector.length > 0;
            if (!counts || book.seats[seat] == memberId) continue;
            given[votes++] = (uint256(uint8(vector[2 * k])) << 8) | uint8(vector[2 * k + 1]);
        }
        // The one that has (votes - 1) / 2 below it; equals in order of their seats.
        for (uint256 i; i < votes; ++i) {
            uint256 below;
            for (uint256 j; j < votes; ++j) {
                if (given[j] < given[i] || (given[j] == given[i] && j < i)) ++below;
            }
            if (below == (votes - 1) / 2) median = given[i];
        }
    }
}
