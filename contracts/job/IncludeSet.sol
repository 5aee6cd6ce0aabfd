// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IncludedUpdate, JobTerms} from "../interfaces/JobTypes.sol";
import {BitCounts} from "../libraries/BitCounts.sol";
import {RoundPhase} from "../libraries/RoundPhase.sol";
import {Slashing} from "./Slashing.sol";

/// @title Which updates count: opened, certified by a quorum, and one operator a root. Nobody decides it, it follows.
abstract contract IncludeSet is Slashing {
    /// @dev What Share has gathered, as far as it is known: in memory while a posting is worked on, for what completes the phase
    /// need not be stored.
    struct Shared {
        uint256 opened; // by position
        uint256[] roots; // by position, where opened
        uint256[] counts; // by position: the commit's ordinal << 24 | exampleCount
        uint256 posted; // by seat
        uint256[] bitmaps; // by seat
    }

    /// @dev A power of two well above the 64 roots of a round.
    uint256 private constant TABLE = 256;

    function _loadShared(Clock memory now_) internal view returns (Shared memory shared) {
        unchecked {
            (shared.opened, shared.posted) = (marks.opened, now_.bitmapSeats);
            shared.roots = new uint256[](now_.cohortCount);
            shared.counts = new uint256[](now_.cohortCount);
            shared.bitmaps = new uint256[](now_.seatCount);
            uint256 left = shared.opened;
            for (uint256 position; left >> position != 0; ++position) {
                if (!_hasBit(left, position)) continue;
                (shared.roots[position], shared.counts[position]) = (commits[position], openings[position]);
            }
            for (uint256 seat; shared.posted >> seat != 0; ++seat) {
                if (_hasBit(shared.posted, seat)) shared.bitmaps[seat] = bitmaps[seat];
            }
        }
    }

    /// @dev Positions that a quorum of bitmaps holds: two thirds of the seats that may certify it, which are all but its
    /// owner's.
    function _certified(Clock memory now_, uint256[] memory bits) internal view returns (uint256) {
        unchecked {
            uint256 positions = seatPositions;
            uint256 sitting; // positions whose owner has a seat
            for (uint256 seat; seat < now_.seatCount; ++seat) {
                uint256 own = _positionOf(positions, seat);
                if (own != NOWHERE) sitting |= 1 << own;
            }
            uint256 others = BitCounts.atLeast(bits, RoundPhase.quorumOf(now_.seatCount)) & ~sitting;
            return others | (BitCounts.atLeast(bits, RoundPhase.quorumOf(uint256(now_.seatCount) - 1)) & sitting);
        }
    }

    /// @dev Ends Share: whoever did not open pays, and the include set stands.
    function _fixIncludeSet(
        Clock memory now_,
        Shared memory shared,
        uint256 certified,
        JobTerms memory terms_
    ) internal returns (bool enough) {
        uint256 missing = now_.committedMask & ~shared.opened;
        for (uint256 position; missing >> position != 0; ++position) {
            if (_hasBit(missing, position)) _miss(now_, terms_, cohort[position], terms_.missSlash, address(0));
        }
        uint256 included = _firstOfEachRoot(shared, shared.opened & certified);
        IncludedUpdate[] memory updates = _updatesOf(shared, included);
        if (updates.length < terms_.minCommits) return false;
        bytes32 hash = keccak256(abi.encode(updates));
        marks.included = uint64(included);
        includeHash = hash;
        keepers[2] = msg.sender;
        emit IncludeSetFixed(now_.round, included, hash, updates);
        return true;
    }

    /// @return updates in ascending position, which is ascending member id
    function _updatesOf(
        Shared memory shared,
        uint256 included
    ) private view returns (IncludedUpdate[] memory updates) {
        unchecked {
            updates = new IncludedUpdate[](RoundPhase.popCount(included));
            uint256 count;
            for (uint256 position; included >> position != 0; ++position) {
                if (!_hasBit(included, position)) continue;
                uint32 exampleCount = uint32(shared.counts[position] & 0xffffff);
                updates[count++] = IncludedUpdate(bytes32(shared.roots[position]), cohort[position], exampleCount);
            }
        }
    }

    /// @return kept of `mask`, the first to commit each root
    function _firstOfEachRoot(Shared memory shared, uint256 mask) private pure returns (uint256 kept) {
        unchecked {
            uint256[TABLE] memory table; // open addressing by root: position + 1
            kept = mask;
            for (uint256 position; mask >> position != 0; ++position) {
                if (!_hasBit(mask, position)) continue;
                uint256 root = shared.roots[position];
                uint256 slot = root % TABLE;
                while (table[slot] != 0 && shared.roots[table[slot] - 1] != root) slot = (slot + 1) % TABLE;
                uint256 other = table[slot];
                if (other == 0) {
                    table[slot] = position + 1;
                } else if (shared.counts[position] >> 24 < shared.counts[other - 1] >> 24) {
                    kept &= ~(1 << (other - 1));
                    table[slot] = position + 1;
                } else {
                    kept &= ~(1 << position);
                }
            }
        }
    }
}
