// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {JobTerms, Phase, ScoreOpening, SignedAttestation, SignedScoreCommit} from "../interfaces/JobTypes.sol";
import {RoundPhase} from "../libraries/RoundPhase.sol";
import {Scores} from "../libraries/Scores.sol";
import {Posting} from "./Posting.sol";
import {SignedStructs} from "./SignedStructs.sol";

/// @title What the committee posts: the aggregate's root, attestations of it, and scores.
abstract contract Judging is Posting {
    using SignedStructs for bytes32;

    function propose(bytes32 root, SignedAttestation calldata attestation) external {
        Clock memory now_ = clock;
        if (now_.phase != Phase.Propose) revert WrongPhase(now_.phase);
        if (root == 0) revert EmptyRoot();
        uint256 seat = attestation.seat;
        _requireSlotOpen(now_, seat);
        bytes32 digest = SignedStructs.domainSeparator().attestation(now_.round, seed, seat, includeHash, root);
        address operator = _hasBit(marks.live, seat) ? _operatorOf(now_.round, seats[seat]) : address(0);
        if (!digest.isSignedBy(attestation.r, attestation.vs, operator)) revert NotASeat(seat, operator);

        _recordEntropy();
        if (seat > now_.firstSlot) _missSeats(now_, _slots(now_.firstSlot, seat), _terms());
        aggregateRoot = root;
        marks.attested = uint32(1 << seat);
        now_.slot = uint8(seat);
        _enter(now_, Phase.Challenge);
        emit Proposed(now_.round, uint8(seat), seats[seat], root);
    }

    function attest(SignedAttestation[] calldata attestations, SignedScoreCommit[] calldata scoreCommits_) external {
        Clock memory now_ = clock;
        if (now_.phase != Phase.Challenge) return;
        Marks memory seen = marks;
        bytes32 domain = SignedStructs.domainSeparator();
        if (attestations.length > 0) _attest(now_, seen, domain, attestations);
        if (scoreCommits_.length > 0) _commitScores(now_, seen, domain, scoreCommits_);
        marks = seen;
        Extras memory more = extras;
        if (!_isJudged(now_, seen) || more.openDemands > 0) return;
        if (block.timestamp < more.windowEnd || block.number < more.windowEndBlock) return;
        _go(now_, _closeChallenge(now_, _terms()));
    }

    function openScores(ScoreOpening[] calldata scoreOpenings) external {
        Clock memory now_ = clock;
        if (now_.phase != Phase.Score) return;
        Marks memory seen = marks;
        uint256 abstained = extras.abstained;
        uint256 positions = seatPositions;
        bytes32[3] memory round = [bytes32(uint256(now_.round)), seed, includeHash];
        for (uint256 i; i < scoreOpenings.length; ++i) {
            ScoreOpening calldata opening = scoreOpenings[i];
            uint256 seat = opening.seat;
            if (!_hasBit(seen.scoreCommitted & seen.live & ~seen.scoreOpened, seat)) continue;
            if (_scoreCommitment(round, seat, opening) != scoreCommits[seat]) continue;
            if (opening.vector.length == 0) abstained |= 1 << seat;
            else if (!_storeVector(opening.vector, seen.included, seat, _positionOf(positions, seat))) continue;
            seen.scoreOpened |= uint32(1 << seat);
            emit ScoreOpened(now_.round, uint8(seat), opening.vector);
        }
        marks.scoreOpened = seen.scoreOpened;
        if (abstained != extras.abstained) extras.abstained = uint32(abstained);
        if (seen.scoreCommitted & seen.live & ~seen.scoreOpened == 0) _go(now_, _closeScores(now_, _terms()));
    }

    /// @dev A slot opens when the turns of the live seats before it are over, in seconds and in blocks.
    function _requireSlotOpen(Clock memory now_, uint256 seat) private view {
        if (seat < now_.firstSlot) revert SlotGone(seat, now_.firstSlot);
        if (seat == now_.firstSlot) return;
        uint256 turns = RoundPhase.popCount(marks.live & _slots(now_.firstSlot, seat));
        JobTerms memory terms_ = _terms();
        uint256 opensAt = now_.phaseStart + turns * terms_.slotSeconds;
        uint256 opensAtBlock = now_.phaseStartBlock + turns * terms_.phaseBlocks;
        if (block.timestamp < opensAt || block.number < opensAtBlock) revert SlotNotOpen(seat, opensAt, opensAtBlock);
    }

    function _attest(
        Clock memory now_,
        Marks memory seen,
        bytes32 domain,
        SignedAttestation[] calldata attestations
    ) private {
        uint256 before = seen.attested;
        bytes32 digest = domain.attestation(now_.round, seed, now_.slot, includeHash, aggregateRoot);
        for (uint256 i; i < attestations.length; ++i) {
            SignedAttestation calldata given = attestations[i];
            if (!_hasBit(seen.live & ~seen.attested, given.seat)) continue;
            if (!digest.isSignedBy(given.r, given.vs, _operatorOf(now_.round, seats[given.seat]))) continue;
            seen.attested |= uint32(1 << given.seat);
        }
        if (seen.attested != before) emit Attested(now_.round, seen.attested);
    }

    function _commitScores(
        Clock memory now_,
        Marks memory seen,
        bytes32 domain,
        SignedScoreCommit[] calldata given
    ) private {
        bytes32 roundSeed = seed;
        bytes32 included = includeHash;
        for (uint256 i; i < given.length; ++i) {
            uint256 seat = given[i].seat;
            bytes32 commitment = given[i].commitment;
            if (!_hasBit(seen.live & ~seen.scoreCommitted, seat) || commitment == 0) continue;
            bytes32 digest = domain.scoreCommit(now_.round, roundSeed, included, commitment);
            if (!digest.isSignedBy(given[i].r, given[i].vs, _operatorOf(now_.round, seats[seat]))) continue;
            seen.scoreCommitted |= uint32(1 << seat);
            scoreCommits[seat] = commitment;
            emit ScoreCommitted(now_.round, uint8(seat), commitment);
        }
    }

    /// @param round its number, seed and include hash
    function _scoreCommitment(
        bytes32[3] memory round,
        uint256 seat,
        ScoreOpening calldata opening
    ) private view returns (bytes32) {
        bytes32 vector = keccak256(opening.vector);
        uint256 id = seats[seat];
        return
            keccak256(abi.encode(block.chainid, address(this), round[0], round[1], id, round[2], vector, opening.salt));
    }

    /// @return whether the vector is valid, and so was stored
    function _storeVector(
        bytes calldata vector,
        uint256 included,
        uint256 seat,
        uint256 position
    ) private returns (bool) {
        unchecked {
            uint256 count = RoundPhase.popCount(included);
            if (vector.length != 2 * count) return false;
            uint256 own = _ownIndex(included, position);
            uint256 sum;
            for (uint256 first; first < count; first += Scores.LANES) {
                uint256 word;
                assembly ("memory-safe") {
                    word := calldataload(add(vector.offset, shl(1, first)))
                }
                if (count - first < Scores.LANES) word &= ~(type(uint256).max >> (16 * (count - first)));
                if (own - first < Scores.LANES && (word >> (240 - 16 * (own - first))) & 0xffff != 0) return false;
                sum += Scores.sumOf(word);
                vectors[seat][first / Scores.LANES] = word;
            }
            // What was stored of a vector that is refused is written over by the next, and read of those opened only.
            return sum == Scores.SUM;
        }
    }
}
