// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Phase, ScoreOpening, SignedAttestation, SignedScoreCommit} from "../interfaces/IJob.sol";
import {RoundPhase} from "../libraries/RoundPhase.sol";
import {Scores} from "../libraries/Scores.sol";
import {Posting} from "./Posting.sol";
import {Slashing} from "./Slashing.sol";
import {SignedStructs} from "./SignedStructs.sol";

/// @title What the committee posts: the aggregate's root, attestations of it, and scores.
abstract contract Judging is Posting, Slashing {
    using SignedStructs for bytes32;

    function propose(bytes32 root) external {
        Clock memory now_ = clock;
        if (now_.phase != Phase.Propose) revert WrongPhase(now_.phase);
        if (root == 0) revert EmptyRoot();
        uint256 seat = _seatOf(now_.seatCount, msg.sender);
        if (seat < now_.firstSlot) revert SlotGone(seat, now_.firstSlot);
        uint256 opensAt = now_.phaseStart + (seat - now_.firstSlot) * uint256(_terms().slotSeconds);
        if (block.timestamp < opensAt) revert SlotNotOpen(seat, opensAt);

        _recordEntropy();
        _missSeats(now_, _slots(now_.firstSlot, seat));
        aggregateRoot = root;
        marks.attested = 0;
        now_.slot = uint8(seat);
        _enter(now_, Phase.Challenge);
        emit Proposed(now_.round, uint8(seat), msg.sender, root);
    }

    function attest(SignedAttestation[] calldata attestations, SignedScoreCommit[] calldata scoreCommits_) external {
        Clock memory now_ = clock;
        if (now_.phase != Phase.Challenge) return;
        bytes32 domain = SignedStructs.domainSeparator();
        if (attestations.length > 0) _attest(now_, domain, attestations);
        if (scoreCommits_.length > 0) _commitScores(now_, domain, scoreCommits_);
    }

    function openScores(ScoreOpening[] calldata scoreOpenings) external {
        Clock memory now_ = clock;
        if (now_.phase != Phase.Score) return;
        Marks memory seen = marks;
        uint256 opened = seen.scoreOpened;
        uint256 abstained = draws.abstained;
        uint256 positions = seatPositions;
        for (uint256 i; i < scoreOpenings.length; ++i) {
            ScoreOpening calldata opening = scoreOpenings[i];
            uint256 seat = opening.seat;
            if (!_hasBit(seen.scoreCommitted & seen.live, seat) || _hasBit(opened, seat)) continue;
            if (_scoreCommitment(now_.round, seat, opening) != scoreCommits[seat]) continue;
            if (opening.vector.length == 0) abstained |= 1 << seat;
            else if (!_storeVector(opening.vector, seen.included, seat, _positionOf(positions, seat))) continue;
            opened |= 1 << seat;
            emit ScoreOpened(now_.round, uint8(seat), opening.vector);
        }
        if (opened != seen.scoreOpened) marks.scoreOpened = uint32(opened);
        if (abstained != draws.abstained) draws.abstained = uint32(abstained);
    }

    function _attest(Clock memory now_, bytes32 domain, SignedAttestation[] calldata attestations) private {
        uint256 attested = marks.attested;
        uint256 live = marks.live;
        bytes32 digest = domain.attestation(now_.round, seed, now_.slot, includeHash, aggregateRoot);
        for (uint256 i; i < attestations.length; ++i) {
            uint256 seat = attestations[i].seat;
            if (!_hasBit(live, seat) || _hasBit(attested, seat)) continue;
            if (!digest.isSignedBy(attestations[i].signature, _operatorOfSeat(seat))) continue;
            attested |= 1 << seat;
        }
        if (attested == marks.attested) return;
        marks.attested = uint32(attested);
        emit Attested(now_.round, attested);
    }

    function _commitScores(Clock memory now_, bytes32 domain, SignedScoreCommit[] calldata given) private {
        uint256 committed = marks.scoreCommitted;
        uint256 live = marks.live;
        bytes32 roundSeed = seed;
        bytes32 included = includeHash;
        for (uint256 i; i < given.length; ++i) {
            uint256 seat = given[i].seat;
            bytes32 commitment = given[i].commitment;
            if (!_hasBit(live, seat) || _hasBit(committed, seat) || commitment == 0) continue;
            bytes32 digest = domain.scoreCommit(now_.round, roundSeed, included, commitment);
            if (!digest.isSignedBy(given[i].signature, _operatorOfSeat(seat))) continue;
            committed |= 1 << seat;
            scoreCommits[seat] = commitment;
            emit ScoreCommitted(now_.round, uint8(seat), commitment);
        }
        if (committed != marks.scoreCommitted) marks.scoreCommitted = uint32(committed);
    }

    function _scoreCommitment(
        uint256 round,
        uint256 seat,
        ScoreOpening calldata opening
    ) private view returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    block.chainid,
                    address(this),
                    round,
                    seed,
                    _operatorOfSeat(seat),
                    includeHash,
                    keccak256(opening.vector),
                    opening.salt
                )
            );
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
            uint256 own = Scores.NONE;
            if (position != NOWHERE && _hasBit(included, position)) {
                own = RoundPhase.popCount(included & RoundPhase.fullMask(position));
            }
            uint256[4] memory words;
            uint256 sum;
            for (uint256 k; k < count; ++k) {
                uint256 score;
                assembly ("memory-safe") {
                    score := shr(240, calldataload(add(vector.offset, shl(1, k))))
                }
                if (k == own && score != 0) return false;
                sum += score;
                words[k / 16] |= score << (240 - 16 * (k % 16));
            }
            if (sum != Scores.SUM) return false;
            for (uint256 w; w < (count + 15) / 16; ++w) vectors[seat][w] = words[w];
            return true;
        }
    }

    function _operatorOfSeat(uint256 seat) private view returns (address) {
        return memberRecords[seats[seat]].operator;
    }

    function _seatOf(uint256 count, address operator) private view returns (uint256) {
        uint256 live = marks.live;
        for (uint256 seat; seat < count; ++seat) {
            if (_hasBit(live, seat) && _operatorOfSeat(seat) == operator) return seat;
        }
        revert NotASeat(operator);
    }
}
