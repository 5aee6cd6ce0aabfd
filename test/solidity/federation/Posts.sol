// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {
    IncludedUpdate,
    Opening,
    ScoreOpening,
    SignedAttestation,
    SignedBitmap,
    SignedCommit,
    SignedScoreCommit
} from "../../../contracts/interfaces/JobTypes.sol";
import {SignedStructs} from "../../../contracts/job/SignedStructs.sol";
import {Dice, Dicing} from "../helpers/Dice.sol";
import {Player} from "./Player.sol";

/// @dev What is posted in a round: all that is missing, as it should be; or a part of it, with duplicates, what others signed
/// and what is broken in between. A relayed posting never reverts, whatever is in it: so none of these calls is tried.
abstract contract Posts is Player {
    using Dicing for Dice;
    using SignedStructs for bytes32;

    bytes32 internal constant PASS = bytes32(uint256(1));

    /// @dev By the operator, or spoiled: by another member, broken, or none.
    function _signed(
        Table memory table,
        Dice memory dice,
        bool honest,
        address operator,
        bytes32 digest
    ) internal view returns (bytes32 r, bytes32 vs) {
        if (honest || !dice.oneIn(5)) return _sign(operator, digest);
        uint256 flaw = dice.below(3);
        if (flaw == 0) return (r, vs);
        if (flaw == 1) return _sign(table.members[dice.below(table.members.length)].operator, digest);
        (r, vs) = _sign(operator, digest);
        vs ^= bytes32(uint256(1) << dice.below(256));
    }

    function _postCommits(Table memory table, Dice memory dice, bool honest, address caller) internal {
        SignedCommit[] memory list = new SignedCommit[](2 * table.now_.cohort.length);
        uint256 count;
        for (uint256 position; position < table.now_.cohort.length; ++position) {
            if (honest ? _has(table.now_.committedMask, position) : dice.oneIn(2)) continue;
            list[count++] = _commitOf(table, dice, honest, position);
            if (!honest && dice.oneIn(4)) list[count++] = _commitOf(table, dice, honest, position);
        }
        assembly ("memory-safe") {
            mstore(list, count)
        }
        vm.prank(caller);
        table.job.commitBatch(list);
    }

    function _commitOf(
        Table memory table,
        Dice memory dice,
        bool honest,
        uint256 position
    ) internal returns (SignedCommit memory one) {
        one.position = uint8(honest || !dice.oneIn(10) ? position : dice.below(256));
        one.commitment = _chosenCommitment(table, dice, honest, position);
        bytes32 digest = table.domain.commitOf(table.now_.round, table.now_.seed, one.commitment);
        (one.r, one.vs) = _signed(table, dice, honest, _operatorAt(table, position), digest);
    }

    /// @dev Of an update, a pass, or of nothing that anybody could open.
    function _chosenCommitment(
        Table memory table,
        Dice memory dice,
        bool honest,
        uint256 position
    ) internal returns (bytes32) {
        if (dice.oneIn(honest ? 20 : 8)) return PASS;
        if (!honest && dice.oneIn(10)) return dice.oneIn(2) ? bytes32(0) : dice.word();
        _train(table, table.now_.cohort[position], dice);
        return _commitmentOf(table, _openingOf(table, position));
    }

    function _postShares(Table memory table, Dice memory dice, bool honest, address caller) internal {
        Opening[] memory openings = new Opening[](2 * table.now_.cohort.length);
        uint256 count;
        for (uint256 position; position < table.now_.cohort.length; ++position) {
            if (honest ? !_has(table.now_.committedMask, position) : dice.oneIn(2)) continue;
            openings[count++] = _openingOf(table, position);
            if (!honest && dice.oneIn(3)) {
                openings[count++] = _openingOf(table, position);
                _spoilOpening(dice, openings[count - 1 - dice.below(2)]);
            }
        }
        SignedBitmap[] memory bitmaps = _bitmapsOf(table, dice, honest);
        assembly ("memory-safe") {
            mstore(openings, count)
        }
        vm.prank(caller);
        table.job.share(openings, bitmaps);
    }

    function _spoilOpening(Dice memory dice, Opening memory opening) private pure {
        uint256 flaw = dice.below(4);
        if (flaw == 0) opening.position = uint8(dice.below(256));
        else if (flaw == 1) opening.updateRoot = dice.word();
        else if (flaw == 2) opening.exampleCount = uint32(dice.below(2 ** 32));
        else opening.salt = dice.word();
    }

    function _bitmapsOf(
        Table memory table,
        Dice memory dice,
        bool honest
    ) private view returns (SignedBitmap[] memory list) {
        list = new SignedBitmap[](table.now_.seats.length);
        uint256 count;
        for (uint256 seat; seat < table.now_.seats.length; ++seat) {
            if (!honest && dice.oneIn(3)) continue;
            SignedBitmap memory one;
            one.seat = uint8(honest || !dice.oneIn(10) ? seat : dice.below(256));
            one.bits = honest ? table.now_.committedMask : uint256(dice.word()) | uint256(dice.word());
            bytes32 digest = table.domain.bitmap(table.now_.round, table.now_.seed, one.seat, one.bits);
            (one.r, one.vs) = _signed(table, dice, honest, _operatorOfSeat(table, seat), digest);
            list[count++] = one;
        }
        assembly ("memory-safe") {
            mstore(list, count)
        }
    }

    /// @dev Seats attest the standing root, right or wrong, and commit their scores.
    function _postJudgements(Table memory table, Dice memory dice, bool honest, address caller) internal {
        uint256 seats = table.now_.seats.length;
        SignedAttestation[] memory attestations = new SignedAttestation[](seats);
        SignedScoreCommit[] memory commits = new SignedScoreCommit[](seats);
        uint256 count;
        for (uint256 seat; seat < seats; ++seat) {
            if (!honest && dice.oneIn(3)) continue;
            attestations[count] = _attestationOf(table, dice, honest, seat, table.now_.slot, table.now_.aggregateRoot);
            commits[count++] = _scoreCommitOf(table, dice, honest, seat);
        }
        assembly ("memory-safe") {
            mstore(attestations, count)
            mstore(commits, count)
        }
        vm.prank(caller);
        table.job.attest(attestations, commits);
    }

    function _attestationOf(
        Table memory table,
        Dice memory dice,
        bool honest,
        uint256 seat,
        uint256 slot,
        bytes32 root
    ) internal view returns (SignedAttestation memory one) {
        one.seat = uint8(seat);
        bytes32 digest = table.domain.attestation(
            table.now_.round,
            table.now_.seed,
            slot,
            table.now_.includeHash,
            root
        );
        (one.r, one.vs) = _signed(table, dice, honest, _operatorOfSeat(table, seat), digest);
    }

    function _scoreCommitOf(
        Table memory table,
        Dice memory dice,
        bool honest,
        uint256 seat
    ) private returns (SignedScoreCommit memory one) {
        (one.seat, one.commitment) = (uint8(seat), _commitScores(table, seat, dice));
        if (!honest && dice.oneIn(10)) one.commitment = dice.oneIn(2) ? bytes32(0) : dice.word();
        bytes32 digest = table.domain.scoreCommit(
            table.now_.round,
            table.now_.seed,
            table.now_.includeHash,
            one.commitment
        );
        (one.r, one.vs) = _signed(table, dice, honest, _operatorOfSeat(table, seat), digest);
    }

    function _postScores(Table memory table, Dice memory dice, bool honest, address caller) internal {
        ScoreOpening[] memory list = new ScoreOpening[](table.now_.seats.length);
        uint256 count;
        for (uint256 seat; seat < list.length; ++seat) {
            if (!honest && dice.oneIn(3)) continue;
            list[count] = _scoreOpeningOf(table, seat);
            if (!honest && dice.oneIn(5)) list[count].salt = dice.word();
            if (!honest && dice.oneIn(10)) list[count].seat = uint8(dice.below(256));
            ++count;
        }
        assembly ("memory-safe") {
            mstore(list, count)
        }
        vm.prank(caller);
        table.job.openScores(list);
    }

    function _updatesOf(Table memory table) internal view returns (IncludedUpdate[] memory) {
        return books[address(table.job)].updates;
    }
}
