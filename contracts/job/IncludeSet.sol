// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IncludedUpdate} from "../interfaces/IJob.sol";
import {RoundPhase} from "../libraries/RoundPhase.sol";
import {Slashing} from "./Slashing.sol";

/// @title Which updates count: opened, certified by a quorum, and one operator a root. Nobody decides it, it follows.
abstract contract IncludeSet is Slashing {
    /// @dev A power of two well above the 64 roots of a round.
    uint256 private constant TABLE = 256;

    /// @dev Positions that a quorum of bitmaps holds: two thirds of the seats that may certify it, which are all but its
    /// owner's.
    function _certified(Clock memory now_) internal view returns (uint256 mask) {
        unchecked {
            uint256 seatCount = now_.seatCount;
            uint256 cohortCount = now_.cohortCount;
            uint256[] memory bits = new uint256[](seatCount);
            uint256 positions = seatPositions;
            uint256 sitting; // positions whose owner has a seat
            for (uint256 seat; seat < seatCount; ++seat) {
                if (_hasBit(now_.bitmapSeats, seat)) bits[seat] = bitmaps[seat];
                uint256 own = _positionOf(positions, seat);
                if (own != NOWHERE) sitting |= 1 << own;
            }
            uint256 quorum = RoundPhase.quorumOf(seatCount);
            uint256 ownerQuorum = RoundPhase.quorumOf(seatCount - 1);
            for (uint256 position; position < cohortCount; ++position) {
                uint256 count;
                for (uint256 seat; seat < seatCount; ++seat) count += (bits[seat] >> position) & 1;
                if (count >= (_hasBit(sitting, position) ? ownerQuorum : quorum)) mask |= 1 << position;
            }
        }
    }

    function _missOpenings(Clock memory now_, uint256 missing, uint256 amount) internal {
        for (uint256 position; missing != 0; ++position) {
            if (_hasBit(missing, position)) _miss(now_, cohort[position], amount);
            missing &= ~(1 << position);
        }
    }

    /// @param mask positions that are opened and certified
    /// @return included those of them that were the first to commit their root
    /// @return updates in ascending position, which is ascending member id
    function _includeSet(
        Clock memory now_,
        uint256 mask
    ) internal view returns (uint256 included, IncludedUpdate[] memory updates) {
        unchecked {
            uint256[] memory roots = new uint256[](now_.cohortCount);
            for (uint256 position; position < roots.length; ++position) {
                if (_hasBit(mask, position)) roots[position] = commits[position];
            }
            included = _firstOfEachRoot(roots, mask);
            updates = new IncludedUpdate[](RoundPhase.popCount(included));
            uint256 count;
            for (uint256 position; position < roots.length; ++position) {
                if (!_hasBit(included, position)) continue;
                address operator = memberRecords[cohort[position]].operator;
                updates[count++] = IncludedUpdate(bytes32(roots[position]), operator, openings[position] & 0xffffff);
            }
        }
    }

    function _firstOfEachRoot(uint256[] memory roots, uint256 mask) private view returns (uint256 kept) {
        unchecked {
            uint256[TABLE] memory table; // open addressing by root: position + 1
            kept = mask;
            for (uint256 position; position < roots.length; ++position) {
                if (!_hasBit(mask, position)) continue;
                uint256 slot = roots[position] % TABLE;
                while (table[slot] != 0 && roots[table[slot] - 1] != roots[position]) slot = (slot + 1) % TABLE;
                uint256 other = table[slot];
                if (other == 0) {
                    table[slot] = position + 1;
                } else if (openings[position] >> 24 < openings[other - 1] >> 24) {
                    kept &= ~(1 << (other - 1));
                    table[slot] = position + 1;
                } else {
                    kept &= ~(1 << position);
                }
            }
        }
    }
}
