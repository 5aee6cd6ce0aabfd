// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {JobTerms} from "../interfaces/JobTypes.sol";
import {BitCounts} from "../libraries/BitCounts.sol";
import {RoundPhase} from "../libraries/RoundPhase.sol";
import {Words} from "../libraries/Words.sol";
import {Slashing} from "./Slashing.sol";

/// @title Which updates count: opened, certified by a quorum, and one operator a root. Nobody decides it, it follows.
abstract contract IncludeSet is Slashing {
    using Words for uint256[];

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
                shared.roots.put(position, commits[position]);
                shared.counts.put(position, openings[position]);
            }
            for (uint256 seat; shared.posted >> seat != 0; ++seat) {
                if (_hasBit(shared.posted, seat)) shared.bitmaps.put(seat, bitmaps[seat]);
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
            uint256[6] memory planes = BitCounts.count(bits);
            uint256 others = BitCounts.atLeast(planes, RoundPhase.quorumOf(now_.seatCount)) & ~sitting;
            return others | (BitCounts.atLeast(planes, RoundPhase.quorumOf(uint256(now_.seatCount) - 1)) & sitting);
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
        if (RoundPhase.popCount(included) < terms_.minCommits) return false;
        marks.included = uint64(included);
        includeHash = _logUpdates(now_, shared, included);
        keepers[2] = msg.sender;
        return true;
    }

    /// @dev Emits IncludeSetFixed. Written out, because the compiler would lay the list out three times: as structs, for the hash
    /// and for the event.
    /// @return hash keccak256(abi.encode(IncludedUpdate[])), in ascending position, which is ascending member id
    function _logUpdates(Clock memory now_, Shared memory shared, uint256 included) private returns (bytes32 hash) {
        unchecked {
            // The event's data: the mask, the hash, where the list begins, its length, and three words an update.
            uint256 start;
            assembly ("memory-safe") {
                start := mload(0x40)
            }
            uint256 end = start + 0x80;
            (uint256[] memory roots, uint256[] memory counts) = (shared.roots, shared.counts);
            bool aligned = now_.aligned;
            for (uint256 position; included >> position != 0; ++position) {
                if (!_hasBit(included, position)) continue;
                uint256 root = roots.get(position);
                uint256 id = aligned ? position : cohort[position];
                uint256 exampleCount = counts.get(position) & 0xffffff;
                assembly ("memory-safe") {
                    mstore(end, root)
                    mstore(add(end, 0x20), id)
                    mstore(add(end, 0x40), exampleCount)
                }
                end += 0x60;
            }
            bytes32 topic = IncludeSetFixed.selector;
            uint256 round = now_.round;
            assembly ("memory-safe") {
                mstore(0x40, end)
                mstore(add(start, 0x60), div(sub(end, add(start, 0x80)), 0x60))
                mstore(add(start, 0x40), 0x20)
                hash := keccak256(add(start, 0x40), sub(end, add(start, 0x40)))
                mstore(start, included)
                mstore(add(start, 0x20), hash)
                mstore(add(start, 0x40), 0x60)
                log2(start, sub(end, start), topic, round)
            }
        }
    }

    /// @return kept of `mask`, the first to commit each root
    function _firstOfEachRoot(Shared memory shared, uint256 mask) private pure returns (uint256 kept) {
        unchecked {
            uint256[] memory table = new uint256[](TABLE); // open addressing by root: position + 1
            uint256[] memory roots = shared.roots;
            kept = mask;
            for (uint256 position; mask >> position != 0; ++position) {
                if (!_hasBit(mask, position)) continue;
                uint256 root = roots.get(position);
                uint256 slot = root % TABLE;
                uint256 other;
                while ((other = table.get(slot)) != 0 && roots.get(other - 1) != root) slot = (slot + 1) % TABLE;
                if (other == 0) {
                    table.put(slot, position + 1);
                } else if (shared.counts.get(position) >> 24 < shared.counts.get(other - 1) >> 24) {
                    kept &= ~(1 << (other - 1));
                    table.put(slot, position + 1);
                } else {
                    kept &= ~(1 << position);
                }
            }
        }
    }
}
