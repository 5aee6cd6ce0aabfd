// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Opening, Phase, SignedBitmap, SignedCommit} from "../interfaces/JobTypes.sol";
import {RoundPhase} from "../libraries/RoundPhase.sol";
import {Sortition} from "../libraries/Sortition.sol";
import {TermsCode} from "../libraries/TermsCode.sol";
import {Words} from "../libraries/Words.sol";
import {SignedStructs} from "./SignedStructs.sol";
import {Transitions} from "./Transitions.sol";

/// @title What the cohort posts: commits, then openings and the committee's bitmaps.
abstract contract Posting is Transitions {
    using SignedStructs for bytes32;
    using Words for uint256[];

    /// @dev No event: the commitment is in the view, and 1,600 gas are as much as its signature is worth.
    function commit(uint8 position, bytes32 commitment) external {
        Clock storage now_ = clock; // five of its fields: to decode all would cost more
        uint256 mask = now_.committedMask;
        if (now_.phase != Phase.Commit) revert WrongPhase(now_.phase);
        if (position >= now_.cohortCount) revert NotInCohort(msg.sender, position);
        uint256 id = now_.aligned ? position : cohort[position];
        if (_operatorOf(now_.round, id) != msg.sender) revert NotInCohort(msg.sender, position);
        if (_hasBit(mask, position)) revert AlreadyCommitted(position);
        if (commitment == 0) revert EmptyCommitment();
        now_.committedMask = uint64(_keepCommit(mask, position, commitment));
    }

    function commitBatch(SignedCommit[] calldata signedCommits) external {
        Clock memory now_ = clock;
        if (now_.phase != Phase.Commit) return;
        bytes32 domain = SignedStructs.domainSeparator();
        bytes32 roundSeed = seed;
        uint256 round = now_.round;
        for (uint256 i; i < signedCommits.length; ++i) {
            SignedCommit calldata given = signedCommits[i];
            (uint256 position, bytes32 commitment) = (given.position, given.commitment);
            if (position >= now_.cohortCount || commitment == 0) continue;
            if (_hasBit(now_.committedMask, position)) continue;
            bytes32 digest = domain.commitOf(round, roundSeed, commitment);
            if (!digest.isSignedBy(given.r, given.vs, _operatorOf(round, _idAt(now_, position)))) continue;
            now_.committedMask = uint64(_keepCommit(now_.committedMask, position, commitment));
        }
        clock.committedMask = now_.committedMask;
        if (now_.committedMask == RoundPhase.fullMask(now_.cohortCount)) _closeAtDesk();
    }

    function share(Opening[] calldata openings_, SignedBitmap[] calldata bitmaps_) external {
        Clock memory now_ = clock;
        if (now_.phase != Phase.Share) return;
        _recordEntropy();
        Shared memory shared = _loadShared(now_);
        uint256 before = shared.opened;
        if (openings_.length > 0) _open(now_, shared, openings_);
        if (bitmaps_.length > 0) _certify(now_, shared, bitmaps_);
        if (shared.opened != before) marks.opened = uint64(shared.opened);

        if (_isShared(now_, shared.opened, _certified(now_, shared.bitmaps) & now_.committedMask)) {
            _go(now_, _closeShare(now_, _terms(), shared));
        } else {
            _keepOpenings(shared, shared.opened & ~before);
            clock.bitmapSeats = now_.bitmapSeats;
        }
    }

    /// @dev The desk closes commits.
    function _closeAtDesk() internal virtual;

    /// @param mask positions that have committed
    /// @return mask with this one
    function _keepCommit(uint256 mask, uint256 position, bytes32 commitment) private returns (uint256) {
        if (commitment == PASS) extras.passed |= uint64(1 << position);
        commits[position] = (uint256(commitment) & ~uint256(0xff)) | RoundPhase.popCount(mask);
        return mask | (1 << position);
    }

    function _open(Clock memory now_, Shared memory shared, Opening[] calldata openings_) private {
        uint256 salts = saltSum;
        uint256 cap = _termsWord(TermsCode.WEIGHT_CAP_WORD) & type(uint32).max;
        unchecked {
            for (uint256 i; i < openings_.length; ++i) {
                Opening calldata opening = openings_[i];
                uint256 position = opening.position;
                if (position >= now_.cohortCount || opening.exampleCount == 0) continue;
                if (!_hasBit(now_.committedMask, position) || _hasBit(shared.opened, position)) continue;
                uint256 id = _idAt(now_, position);
                uint256 kept = commits[position];
                if ((kept ^ uint256(_commitment(now_.round, id, opening))) >> 8 != 0) continue;

                shared.opened |= 1 << position;
                salts += Sortition.saltShare(id, opening.salt);
                shared.roots.put(position, uint256(opening.updateRoot));
                uint256 count = opening.exampleCount < cap ? opening.exampleCount : cap;
                shared.counts.put(position, ((kept & 0xff) << 24) | count);
            }
        }
        saltSum = salts;
    }

    function _keepOpenings(Shared memory shared, uint256 mask) private {
        for (uint256 position; mask >> position != 0; ++position) {
            if (!_hasBit(mask, position)) continue;
            commits[position] = shared.roots.get(position);
            openings[position] = uint32(shared.counts.get(position));
        }
    }

    function _commitment(uint256 round, uint256 id, Opening calldata opening) private view returns (bytes32 hash) {
        address job = address(this);
        assembly ("memory-safe") {
            // keccak256(abi.encode(chainId, job, round, memberId, updateRoot, exampleCount, salt)), above the free memory.
            let words := mload(0x40)
            mstore(words, chainid())
            mstore(add(words, 0x20), job)
            mstore(add(words, 0x40), round)
            mstore(add(words, 0x60), id)
            calldatacopy(add(words, 0x80), add(opening, 0x20), 0x60)
            hash := keccak256(words, 0xe0)
        }
    }

    /// @dev Bitmaps are always stored: they say who answers for an update that nobody shows.
    function _certify(Clock memory now_, Shared memory shared, SignedBitmap[] calldata bitmaps_) private {
        uint256 positions = seatPositions;
        bytes32 roundSeed = seed;
        bytes32 domain = SignedStructs.domainSeparator();
        (uint256 committed, uint256 live) = (now_.committedMask, marks.live);
        for (uint256 i; i < bitmaps_.length; ++i) {
            SignedBitmap calldata given = bitmaps_[i];
            uint256 seat = given.seat;
            if (!_hasBit(live, seat)) continue;
            uint256 before = shared.bitmaps.get(seat);
            uint256 own = _positionOf(positions, seat);
            uint256 bits = given.bits & committed;
            bits = before | (own == NOWHERE ? bits : bits & ~(1 << own));
            if (bits == before) continue;
            bytes32 digest = domain.bitmap(now_.round, roundSeed, seat, given.bits);
            if (!digest.isSignedBy(given.r, given.vs, _operatorOf(now_.round, seats[seat]))) continue;

            shared.bitmaps.put(seat, bits);
            bitmaps[seat] = uint64(bits);
            now_.bitmapSeats |= uint32(1 << seat);
        }
    }
}
