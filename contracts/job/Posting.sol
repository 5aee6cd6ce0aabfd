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
        uint256 mask = _commitAll(now_, signedCommits);
        clock.committedMask = uint64(mask);
        if (mask == RoundPhase.fullMask(now_.cohortCount)) _closeAtDesk();
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

    /// @dev What is asked for each commit stands on the stack: memory would cost a quarter more.
    /// @return mask positions that have committed
    function _commitAll(Clock memory now_, SignedCommit[] calldata signedCommits) private returns (uint256 mask) {
        mask = now_.committedMask;
        (bool aligned, uint256 round, uint256 count) = (now_.aligned, now_.round, now_.cohortCount);
        bytes32 domain = SignedStructs.domainSeparator();
        bytes32 roundSeed = seed;
        for (uint256 i; i < signedCommits.length; ++i) {
            SignedCommit calldata given = signedCommits[i];
            uint256 position = given.position;
            bytes32 commitment = given.commitment;
            if (position >= count || _hasBit(mask, position) || commitment == 0) continue;
            address operator = _operatorOf(round, aligned ? position : cohort[position]);
            if (!domain.commitOf(round, roundSeed, commitment).isSignedBy(given.r, given.vs, operator)) continue;
            mask = _keepCommit(mask, position, commitment);
        }
    }

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
        uint256 opened = shared.opened;
        uint256 wanted = now_.committedMask;
        bool aligned = now_.aligned;
        (uint256[] memory roots, uint256[] memory counts) = (shared.roots, shared.counts);
        uint256 hashed = _commitmentWords(now_.round);
        unchecked {
            for (uint256 i; i < openings_.length; ++i) {
                Opening calldata opening = openings_[i];
                (uint256 position, uint256 exampleCount) = (opening.position, opening.exampleCount);
                if (!_hasBit(wanted & ~opened, position) || exampleCount == 0) continue;
                uint256 id = aligned ? position : cohort[position];
                uint256 kept = commits[position];
                if ((kept ^ uint256(_commitment(hashed, id, opening))) >> 8 != 0) continue;

                opened |= 1 << position;
                salts += Sortition.saltShare(id, opening.salt);
                roots.put(position, uint256(opening.updateRoot));
                counts.put(position, ((kept & 0xff) << 24) | (exampleCount < cap ? exampleCount : cap));
            }
        }
        (saltSum, shared.opened) = (salts, opened);
    }

    function _keepOpenings(Shared memory shared, uint256 mask) private {
        for (uint256 position; mask >> position != 0; ++position) {
            if (!_hasBit(mask, position)) continue;
            commits[position] = shared.roots.get(position);
            openings[position] = uint32(shared.counts.get(position));
        }
    }

    /// @dev Memory for what a commitment hashes, abi.encode(chainId, job, round, memberId, updateRoot, exampleCount, salt), with
    /// what is the same for all.
    function _commitmentWords(uint256 round) private view returns (uint256 words) {
        assembly ("memory-safe") {
            words := mload(0x40)
            mstore(0x40, add(words, 0xe0))
            mstore(words, chainid())
            mstore(add(words, 0x20), address())
            mstore(add(words, 0x40), round)
        }
    }

    function _commitment(uint256 words, uint256 id, Opening calldata opening) private pure returns (bytes32 hash) {
        assembly ("memory-safe") {
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
