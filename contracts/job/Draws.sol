// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {JobTerms, Phase} from "../interfaces/JobTypes.sol";
import {FixedPoint} from "../libraries/FixedPoint.sol";
import {RoundPhase} from "../libraries/RoundPhase.sol";
import {Sortition} from "../libraries/Sortition.sol";
import {SumTree} from "../libraries/SumTree.sol";
import {Words} from "../libraries/Words.sol";
import {Roster} from "./Roster.sol";

/// @title Who trains and who judges in a round: drawn from the chained seed, as the candidates stood when the last round's
/// commits closed.
abstract contract Draws is Roster {
    using SumTree for SumTree.Tree;
    using Words for uint256[];

    function _candidateCount() internal view returns (uint256) {
        return candidates.countOf();
    }

    function _drawRound(Clock memory now_, JobTerms memory terms_) internal {
        Extras memory more = extras;
        if (block.number <= more.entropyBlock) {
            revert NotYet(Phase.Draw, 0, more.entropyBlock + 1 - block.number);
        }
        _recordEntropy();
        bytes32 newSeed = Sortition.nextSeed(_lastSeed(), saltSum);
        seed = newSeed;
        extras.passed = 0;

        uint256 count = _candidateCount();
        uint256[] memory newCohort = _drawCohort(newSeed, count < terms_.cohortSize ? count : terms_.cohortSize);
        uint256 size = count < terms_.committeeSize ? count : terms_.committeeSize;
        uint256[] memory newSeats = candidates.draw(newSeed, Sortition.COMMITTEE, size);
        uint256 live = _seat(newSeats, newCohort);
        now_.cohortCount = uint8(newCohort.length);
        now_.seatCount = uint8(size);
        now_.aligned = newCohort[newCohort.length - 1] == newCohort.length - 1;
        (now_.committedMask, now_.bitmapSeats, now_.firstSlot, now_.slot) = (0, 0, 0, 0);
        marks = Marks(0, 0, uint32(live), 0, 0, 0);
        emit RoundDrawn(now_.round, newSeed, newCohort.asIds(), newSeats.asIds());
    }

    function _lastSeed() private view returns (bytes32 last) {
        last = seed;
        if (last == 0) last = Sortition.firstSeed(address(this), _modelId());
    }

    /// @return ids ascending
    function _drawCohort(bytes32 newSeed, uint256 count) private returns (uint256[] memory ids) {
        ids = candidates.draw(newSeed, Sortition.COHORT, count);
        FixedPoint.sort(ids);
        uint256 slot;
        assembly ("memory-safe") {
            slot := cohort.slot
        }
        Words.storeIds(slot, ids);
    }

    /// @return live all seats but those that were ejected or suspended since the snapshot
    function _seat(uint256[] memory ids, uint256[] memory newCohort) private returns (uint256 live) {
        unchecked {
            uint256 slot;
            assembly ("memory-safe") {
                slot := seats.slot
            }
            Words.storeIds(slot, ids);
            live = RoundPhase.fullMask(ids.length);
            uint256 positions;
            for (uint256 seat; seat < ids.length; ++seat) {
                uint256 id = ids.get(seat);
                MemberRecord storage member = memberRecords[id];
                if (member.ejected || member.suspendedUntil != 0) live &= ~(1 << seat);
                positions |= _place(newCohort, id) << (8 * seat);
            }
            seatPositions = positions;
        }
    }

    /// @return place of `id` in an ascending list, NOWHERE if it is not there
    function _place(uint256[] memory ids, uint256 id) private pure returns (uint256 place) {
        unchecked {
            uint256 end = ids.length;
            while (place < end) {
                uint256 middle = (place + end) / 2;
                if (ids.get(middle) < id) place = middle + 1;
                else end = middle;
            }
            if (place == ids.length || ids.get(place) != id) place = NOWHERE;
        }
    }
}
