// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Opening, Phase, SignedBitmap} from "../interfaces/IJob.sol";
import {RoundPhase} from "../libraries/RoundPhase.sol";
import {Sortition} from "../libraries/Sortition.sol";
import {JobStorage} from "./JobStorage.sol";
import {SignedStructs} from "./SignedStructs.sol";

/// @title What the cohort posts: commits, then openings and the committee's bitmaps.
abstract contract Posting is JobStorage {
    using SignedStructs for bytes32;

    function commit(uint8 position, bytes32 commitment) external {
        Clock memory now_ = clock;
        if (now_.phase != Phase.Commit) revert WrongPhase(now_.phase);
        if (position >= now_.cohortCount) revert NotInCohort(msg.sender, position);
        uint256 id = now_.aligned ? position : cohort[position];
        if (memberRecords[id].operator != msg.sender) revert NotInCohort(msg.sender, position);
        if (_hasBit(now_.committedMask, position)) revert AlreadyCommitted(position);
        if (commitment == 0) revert EmptyCommitment();

        commits[position] = (uint256(commitment) & ~uint256(0xff)) | RoundPhase.popCount(now_.committedMask);
        clock.committedMask = now_.committedMask | uint64(1 << position);
        emit Committed(now_.round, position, commitment);
    }

    function share(Opening[] calldata openings_, SignedBitmap[] calldata bitmaps_) external {
        Clock memory now_ = clock;
        if (now_.phase != Phase.Share) return;
        _recordEntropy();
        if (openings_.length > 0) _open(now_, openings_);
        if (bitmaps_.length > 0) _certify(now_, bitmaps_);
    }

    /// @dev Block hashes can be read for 256 blocks only; whoever calls first keeps this one.
    function _recordEntropy() internal {
        if (draws.entropyRecorded) return;
        bytes32 found = blockhash(draws.entropyBlock);
        if (found == 0) return;
        entropy = found;
        draws.entropyRecorded = true;
    }

    function _open(Clock memory now_, Opening[] calldata openings_) private {
        uint256 opened = marks.opened;
        uint256 salts = saltSum;
        uint256 cap = _weightCap();
        unchecked {
            for (uint256 i; i < openings_.length; ++i) {
                Opening calldata opening = openings_[i];
                uint256 position = opening.position;
                if (position >= now_.cohortCount || opening.exampleCount == 0) continue;
                if (!_hasBit(now_.committedMask, position) || _hasBit(opened, position)) continue;
                address operator = memberRecords[cohort[position]].operator;
                uint256 kept = commits[position];
                if ((kept ^ uint256(_commitment(now_.round, operator, opening))) >> 8 != 0) continue;

                opened |= 1 << position;
                salts += Sortition.saltShare(operator, opening.salt);
                commits[position] = uint256(opening.updateRoot);
                uint256 count = opening.exampleCount < cap ? opening.exampleCount : cap;
                openings[position] = uint32(((kept & 0xff) << 24) | count);
                emit Opened(now_.round, uint8(position), opening.updateRoot, opening.exampleCount);
            }
        }
        if (opened == marks.opened) return;
        marks.opened = uint64(opened);
        saltSum = salts;
    }

    function _commitment(uint256 round, address operator, Opening calldata opening) private view returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    block.chainid,
                    address(this),
                    round,
                    operator,
                    opening.updateRoot,
                    opening.exampleCount,
                    opening.salt
                )
            );
    }

    function _certify(Clock memory now_, SignedBitmap[] calldata bitmaps_) private {
        uint256 posted = now_.bitmapSeats;
        uint256 positions = seatPositions;
        bytes32 roundSeed = seed;
        bytes32 domain = SignedStructs.domainSeparator();
        for (uint256 i; i < bitmaps_.length; ++i) {
            SignedBitmap calldata given = bitmaps_[i];
            uint256 seat = given.seat;
            if (seat >= now_.seatCount) continue;
            uint256 before = _hasBit(posted, seat) ? bitmaps[seat] : 0;
            uint256 own = _positionOf(positions, seat);
            uint256 bits = given.bits & RoundPhase.fullMask(now_.cohortCount);
            bits = before | (own == NOWHERE ? bits : bits & ~(1 << own));
            if (bits == before) continue;
            bytes32 digest = domain.bitmap(now_.round, roundSeed, seat, given.bits);
            if (!digest.isSignedBy(given.signature, memberRecords[seats[seat]].operator)) continue;

            posted |= 1 << seat;
            bitmaps[seat] = uint64(bits);
            emit BitmapPosted(now_.round, uint8(seat), bits);
        }
        if (posted != now_.bitmapSeats) clock.bitmapSeats = uint32(posted);
    }
}
