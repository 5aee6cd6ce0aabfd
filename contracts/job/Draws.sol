// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {JobTerms, Phase} from "../interfaces/JobTypes.sol";
import {FixedPoint} from "../libraries/FixedPoint.sol";
import {RoundPhase} from "../libraries/RoundPhase.sol";
import {Sortition} from "../libraries/Sortition.sol";
import {SumTree} from "../libraries/SumTree.sol";
import {Roster} from "./Roster.sol";

/// @title Who trains and who judges in a round: drawn from the chained seed, as the candidates stood when the last round's
/// commits closed.
abstract contract Draws is Roster {
    using SumTree for SumTree.Tree;

    function _candidateCount() internal view returns (uint256) {
        return candidates.countOf();
    }

    function _drawRound(Clock memory now_, JobTerms memory terms_) internal {
        Extras memory more = extras;
        if (block.number <= more.entropyBlock) {
            revert NotYet(Phase.Draw, 0, more.entropyBlock + 1 - block.number);
        }
        bytes32 found = more.entropyRecorded ? entropy : blockhash(more.entropyBlock);
        bytes32 newSeed = Sortition.nextSeed(_lastSeed(), saltSum, found);
        (seed, saltSum) = (newSeed, 0);
        extras.passed = 0;

        uint256 count = _candidateCount();
        uint16[] memory newCohort = _drawCohort(now_, newSeed, count < terms_.cohortSize ? count : terms_.cohortSize);
        uint256 size = count < terms_.committeeSize ? count : terms_.committeeSize;
        (uint16[] memory newSeats, uint256 live) = _drawSeats(newSeed, size, newCohort);
        now_.cohortCount = uint8(newCohort.length);
        now_.seatCount = uint8(newSeats.length);
        (now_.committedMask, now_.bitmapSeats, now_.firstSlot, now_.slot) = (0, 0, 0, 0);
        marks = Marks(0, 0, uint32(live), 0, 0, 0);
        emit RoundDrawn(now_.round, newSeed, newCohort, newSeats);
    }

    function _lastSeed() private view returns (bytes32 last) {
        last = seed;
        if (last == 0) last = Sortition.firstSeed(address(this), _modelId());
    }

    function _drawCohort(Clock memory now_, bytes32 newSeed, uint256 count) private returns (uint16[] memory ids) {
        unchecked {
            uint256[] memory drawn = candidates.draw(newSeed, Sortition.COHORT, count);
            FixedPoint.sort(drawn);
            ids = new uint16[](count);
            for (uint256 i; i < count; ++i) ids[i] = cohort[i] = uint16(drawn[i]);
            now_.aligned = drawn[count - 1] == count - 1;
        }
    }

    /// @return ids in drawn order
    /// @return live without those that were ejected or suspended since the snapshot
    function _drawSeats(
        bytes32 newSeed,
        uint256 count,
        uint16[] memory newCohort
    ) private returns (uint16[] memory ids, uint256 live) {
        unchecked {
            uint256[] memory drawn = candidates.draw(newSeed, Sortition.COMMITTEE, count);
            ids = new uint16[](count);
            live = RoundPhase.fullMask(count);
            uint256 positions;
            for (uint256 seat; seat < count; ++seat) {
                uint16 id = uint16(drawn[seat]);
                ids[seat] = seats[seat] = id;
                MemberRecord storage member = memberRecords[id];
                if (member.ejected || member.suspendedUntil != 0) live &= ~(1 << seat);
                uint256 position;
                while (position < newCohort.length && newCohort[position] != id) ++position;
                positions |= (position < newCohort.length ? position : NOWHERE) << (8 * seat);
            }
            seatPositions = positions;
        }
    }
}
