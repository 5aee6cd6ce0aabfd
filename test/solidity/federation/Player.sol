// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IJob} from "../../../contracts/interfaces/IJob.sol";
import {
    IncludedUpdate,
    JobTerms,
    Member,
    Opening,
    RoundView,
    ScoreOpening
} from "../../../contracts/interfaces/JobTypes.sol";
import {SignedStructs} from "../../../contracts/job/SignedStructs.sol";
import {Dice, Dicing} from "../helpers/Dice.sol";
import {History} from "./History.sol";
import {Tree, Vectors} from "./Vectors.sol";

/// @dev What members make and say in a round. A tag stands for an update, and for a score vector: all of it follows from the
/// tag, so that it can be made again when it is opened or proven wrong.
abstract contract Player is History {
    using Dicing for Dice;
    using SignedStructs for bytes32;

    /// @dev A job as everybody sees it.
    struct Table {
        IJob job;
        JobTerms terms;
        RoundView now_;
        Member[] members;
        bytes32 domain;
    }

    uint256 private constant SCORE_SUM = 10_000;

    mapping(address job => mapping(uint256 round => mapping(uint256 memberId => bytes32))) internal updateTags;
    mapping(bytes32 includeHash => mapping(uint256 memberId => bytes32)) internal scoreTags;

    function _look(IJob job) internal view returns (Table memory table) {
        (table.job, table.terms, table.now_) = (job, job.terms(), job.roundView());
        table.members = job.members(0, type(uint256).max);
        table.domain = SignedStructs.domainOf(address(job));
    }

    function _operatorAt(Table memory table, uint256 position) internal pure returns (address) {
        return table.members[table.now_.cohort[position]].operator;
    }

    function _operatorOfSeat(Table memory table, uint256 seat) internal pure returns (address) {
        return table.members[table.now_.seats[seat]].operator;
    }

    function _has(uint256 mask, uint256 index) internal pure returns (bool) {
        return (mask >> index) & 1 == 1;
    }

    /// @dev One in sixteen copies what another member trained.
    function _train(Table memory table, uint256 id, Dice memory dice) internal {
        mapping(uint256 => bytes32) storage made = updateTags[address(table.job)][table.now_.round];
        if (made[id] != 0) return;
        if (dice.oneIn(16)) made[id] = made[dice.below(table.members.length)];
        if (made[id] == 0) made[id] = dice.word();
    }

    function _openingOf(Table memory table, uint256 position) internal view returns (Opening memory opening) {
        uint256 id = table.now_.cohort[position];
        bytes32 tag = updateTags[address(table.job)][table.now_.round][id];
        opening.position = uint8(position);
        opening.updateRoot = Vectors.updateTree(tag, table.terms.vectorLength).root;
        opening.exampleCount = uint32(Vectors.exampleCountOf(tag));
        opening.salt = keccak256(abi.encode("salt", tag, id));
    }

    function _commitmentOf(Table memory table, Opening memory opening) internal view returns (bytes32) {
        uint256 id = table.now_.cohort[opening.position];
        return
            keccak256(
                abi.encode(
                    block.chainid,
                    table.job,
                    table.now_.round,
                    id,
                    opening.updateRoot,
                    opening.exampleCount,
                    opening.salt
                )
            );
    }

    /// @param where it is wrong, as in `wrongAt`
    function _aggregateOf(
        Table memory table,
        uint256 round,
        IncludedUpdate[] memory updates,
        uint256 where
    ) internal view returns (Tree memory) {
        bytes32[] memory tags = new bytes32[](updates.length);
        uint256[] memory counts = new uint256[](updates.length);
        for (uint256 k; k < updates.length; ++k) {
            tags[k] = updateTags[address(table.job)][round][updates[k].memberId];
            counts[k] = updates[k].exampleCount;
        }
        return Vectors.aggregateTree(table.terms, tags, counts, where);
    }

    function _commitScores(Table memory table, uint256 seat, Dice memory dice) internal returns (bytes32) {
        uint256 id = table.now_.seats[seat];
        mapping(uint256 => bytes32) storage made = scoreTags[table.now_.includeHash];
        if (made[id] == 0) made[id] = dice.word();
        ScoreOpening memory opening = _scoreOpeningOf(table, seat);
        return
            keccak256(
                abi.encode(
                    block.chainid,
                    table.job,
                    table.now_.round,
                    table.now_.seed,
                    id,
                    table.now_.includeHash,
                    keccak256(opening.vector),
                    opening.salt
                )
            );
    }

    function _scoreOpeningOf(Table memory table, uint256 seat) internal view returns (ScoreOpening memory opening) {
        bytes32 tag = scoreTags[table.now_.includeHash][table.now_.seats[seat]];
        return
            ScoreOpening(uint8(seat), _vectorOf(table, seat, Dice(uint256(tag))), keccak256(abi.encode("salt", tag)));
    }

    /// @dev One in eight is empty (an abstention); as many are of another sum, too short, or may score the seat itself.
    function _vectorOf(Table memory table, uint256 seat, Dice memory dice) private view returns (bytes memory vector) {
        IncludedUpdate[] memory updates = books[address(table.job)].updates;
        uint256 flaw = dice.below(24);
        if (flaw < 3) return vector;
        uint256 left = flaw == 3 ? SCORE_SUM - 1 : SCORE_SUM;
        uint256 last = updates.length;
        uint256[] memory scores = new uint256[](updates.length);
        for (uint256 k; k < updates.length; ++k) {
            if (updates[k].memberId == table.now_.seats[seat] && flaw != 4) continue;
            scores[k] = dice.oneIn(3) ? 0 : dice.below(left + 1);
            left -= scores[k];
            last = k;
        }
        if (last < updates.length) scores[last] += left;
        uint256 length = flaw == 5 ? updates.length - 1 : updates.length;
        for (uint256 k; k < length; ++k) vector = bytes.concat(vector, bytes2(uint16(scores[k])));
    }
}
