// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IJob} from "../../../contracts/interfaces/IJob.sol";
import {IncludedUpdate, JobTerms, RoundRecord} from "../../../contracts/interfaces/JobTypes.sol";
import {Vm} from "../helpers/Vm.sol";
import {Scoring} from "./Scoring.sol";

/// @dev Reads a settled round: its parts sum to its pay, and its pay is what the terms promise.
abstract contract Settling is Scoring {
    struct Settlement {
        bytes32 modelId;
        RoundRecord record;
        uint256 includedMask;
        uint256[] scores;
        uint256[] contributorsPay;
        uint256[] judgesPay;
        uint256 paid;
    }

    /// @dev A settled round whose aggregate is wrong, for a proof that comes late.
    struct WrongRound {
        IJob job;
        uint32 round;
        uint256 wrongAt;
        RoundRecord record;
        IncludedUpdate[] updates;
    }

    uint256 internal constant KEEPERS = 5;

    WrongRound[] internal wrongRounds;
    /// @dev Where an aggregate is wrong: the coordinate plus one; NOBODY_KNOWS without its leaves, and zero where it is right.
    mapping(bytes32 aggregateRoot => uint256) internal wrongAt;
    uint256 internal constant NOBODY_KNOWS = type(uint256).max;
    mapping(string what => uint256) public reached;

    function _count(string memory what) internal {
        ++reached[what];
    }

    function _readSettled(JobBook storage book, IJob job, Vm.Log memory log) internal {
        Settlement memory told;
        (
            told.modelId,
            told.record,
            told.includedMask,
            told.scores,
            told.contributorsPay,
            told.judgesPay,
            told.paid
        ) = abi.decode(log.data, (bytes32, RoundRecord, uint256, uint256[], uint256[], uint256[], uint256));
        JobTerms memory terms = job.terms();
        // What the pool owes nobody, in equal parts over the rounds that are left.
        uint256 total = (book.pool - book.owed) / (terms.rounds - book.round + 1);
        assertEq(keccak256(abi.encode(_scoresOf(book))), keccak256(abi.encode(told.scores)), "other scores");
        uint256 paid = _checkContributors(book, told, (total * terms.contributorsBps) / 10_000);
        paid += _checkJudges(book, told, terms, total);
        paid += _checkKeepers(book, terms, total);
        assertEq(paid, told.paid, "the parts do not sum to the round's pay");
        assertLe(paid, total, "a round paid more than its part of the pool");
        _checkRecord(book, job, told);
        ++book.outcomes;
        _keepWrong(book, job, told.record);
        _count(paid > 0 ? "round settled" : "round settled without pay");
    }

    function _checkRecord(JobBook storage book, IJob job, Settlement memory told) private {
        assertLe(2 * book.seats.length, 3 * told.record.attesters.length, "settled without a quorum");
        assertEq(job.roundRecord(book.round), keccak256(abi.encode(told.record)), "another record is kept");
        if (book.modelId == 0) book.modelId = job.terms().genesisHash;
        book.modelId = keccak256(abi.encode(book.modelId, told.record.aggregateRoot));
        assertEq(told.modelId, book.modelId, "another model follows");
    }

    function _checkContributors(
        JobBook storage book,
        Settlement memory told,
        uint256 expected
    ) private returns (uint256 sum) {
        uint256 scoreSum;
        for (uint256 i; i < told.scores.length; ++i) scoreSum += told.scores[i];
        uint256 k;
        for (uint256 position; told.includedMask >> position != 0; ++position) {
            if ((told.includedMask >> position) & 1 == 0) continue;
            uint256 part = told.contributorsPay[k];
            uint256 share = (expected * told.scores[k]) / scoreSum;
            assertTrue(part == share || part == share + 1, "a part is not the score's, to the wei");
            assertEq(book.updates[k++].memberId, book.cohort[position], "an update of somebody else was paid");
            _earn(book, book.cohort[position], part);
            sum += part;
        }
        assertEq(k, told.contributorsPay.length, "a part for nobody");
        assertEq(sum, expected, "the contributors' parts do not sum to their pay");
    }

    function _checkJudges(
        JobBook storage book,
        Settlement memory told,
        JobTerms memory terms,
        uint256 total
    ) private returns (uint256 sum) {
        uint256 aggregator;
        uint256 judges;
        for (uint256 seat; seat < book.seats.length; ++seat) {
            if (_hasJudged(book, told.record, seat)) ++judges;
            bool posted = book.seats[seat] == told.record.poster && (book.faulted >> seat) & 1 == 0;
            if (posted) aggregator = (total * terms.aggregatorBps) / 10_000;
        }
        uint256 committee = judges == 0 ? 0 : (total * terms.committeeBps) / 10_000;
        for (uint256 seat; seat < book.seats.length; ++seat) {
            uint256 part = told.judgesPay[seat];
            sum += part;
            _earn(book, book.seats[seat], part);
            if (book.seats[seat] == told.record.poster) part -= aggregator;
            if (!_hasJudged(book, told.record, seat)) assertEq(part, 0, "a seat was paid that did not judge");
            else assertTrue(part == committee / judges || part == committee / judges + 1, "unequal parts for judges");
        }
        assertEq(sum, aggregator + committee, "the judges' parts do not sum to their pay");
    }

    function _checkKeepers(JobBook storage book, JobTerms memory terms, uint256 total) private returns (uint256 sum) {
        uint256 others = (total * terms.contributorsBps) / 10_000;
        others += (total * terms.aggregatorBps) / 10_000 + (total * terms.committeeBps) / 10_000;
        sum = ((total - others) / KEEPERS) * KEEPERS;
        assertEq(pending.keepersPay, sum, "the keepers' parts do not sum to their pay");
        _fromPool(book, sum);
        delete pending;
    }

    function _earn(JobBook storage book, uint256 memberId, uint256 amount) private {
        _owe(book, memberId, amount);
        _touch(book.wallets[memberId]);
    }

    /// @dev Attested the settled root, opened a vector or an abstention, and was proven no fault since.
    function _hasJudged(
        JobBook storage book,
        RoundRecord memory record,
        uint256 seat
    ) private view returns (bool attested) {
        for (uint256 i; i < record.attesters.length; ++i) {
            if (record.attesters[i] == book.seats[seat]) attested = true;
        }
        return attested && ((book.scored & ~book.faulted) >> seat) & 1 == 1;
    }

    function _keepWrong(JobBook storage book, IJob job, RoundRecord memory record) private {
        uint256 where = wrongAt[record.aggregateRoot];
        if (where == 0 || where == NOBODY_KNOWS) return;
        WrongRound storage one = wrongRounds.push();
        (one.job, one.round, one.wrongAt, one.record) = (job, book.round, where, record);
        for (uint256 i; i < book.updates.length; ++i) one.updates.push(book.updates[i]);
        _count("wrong round settled");
    }
}
