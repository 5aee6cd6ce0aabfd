// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {JobTerms, RoundRecord} from "../interfaces/JobTypes.sol";
import {RoundPhase} from "../libraries/RoundPhase.sol";
import {Scores} from "../libraries/Scores.sol";
import {Slashing} from "./Slashing.sol";

/// @title From opened score vectors to credits. What nobody earned stays in the pool.
abstract contract Settlement is Slashing {
    uint256 private constant ALL_BPS = 10_000;

    /// @dev A round's pay, as it is split.
    struct Pay {
        uint256 contributors;
        uint256 aggregator;
        uint256 committee;
        uint256 keeper; // each
    }

    function _settle(Clock memory now_, Marks memory seen, JobTerms memory terms_) internal {
        uint256[] memory ids = _includedIds(seen.included);
        uint256[] memory scores = _score(now_, seen, ids);
        Pay memory pay = _splitPay(now_, terms_);
        uint256[] memory parts = Scores.splitByScore(pay.contributors, scores);
        uint256[] memory judgesPay = _judgesPay(now_, seen, pay);
        uint256 owed = _credit(now_, seen.included, ids, parts, judgesPay);
        ledger.owed += uint96(owed);
        _payKeepers(pay.keeper);

        bytes32 nextId = keccak256(abi.encode(_modelId(), aggregateRoot));
        lastModelId = nextId;
        RoundRecord memory record = _record(now_, seen);
        records[now_.round] = keccak256(abi.encode(record));
        uint256 paid = owed + KEEPERS * pay.keeper;
        emit RoundSettled(now_.round, nextId, record, seen.included, scores, parts, judgesPay, paid);
    }

    function _record(Clock memory now_, Marks memory seen) private view returns (RoundRecord memory record) {
        unchecked {
            (record.seed, record.includeHash, record.aggregateRoot) = (seed, includeHash, aggregateRoot);
            record.poster = seats[now_.slot];
            uint256 attested = uint256(seen.attested) & seen.live;
            record.attesters = new uint16[](RoundPhase.popCount(attested));
            uint256 count;
            for (uint256 seat; attested >> seat != 0; ++seat) {
                if (_hasBit(attested, seat)) record.attesters[count++] = seats[seat];
            }
        }
    }

    function _includedIds(uint256 included) private view returns (uint256[] memory ids) {
        unchecked {
            ids = new uint256[](RoundPhase.popCount(included));
            uint256 count;
            for (uint256 position; included >> position != 0; ++position) {
                if (_hasBit(included, position)) ids[count++] = cohort[position];
            }
        }
    }

    /// @dev The scores that the round pays by; moves the trailing scores.
    function _score(Clock memory now_, Marks memory seen, uint256[] memory ids) private returns (uint256[] memory) {
        unchecked {
            uint256[] memory medians = _medians(now_, seen, ids.length);
            uint256[] memory trailing = new uint256[](ids.length);
            for (uint256 k; k < ids.length; ++k) {
                trailing[k] = trailingScores[ids[k]];
                if (medians[k] == Scores.NONE) continue;
                uint256 next = Scores.nextTrailing(trailing[k], medians[k]);
                if (next != trailing[k]) trailingScores[ids[k]] = uint32(next);
            }
            return Scores.roundScores(medians, trailing);
        }
    }

    function _medians(
        Clock memory now_,
        Marks memory seen,
        uint256 count
    ) private view returns (uint256[] memory medians) {
        unchecked {
            uint256 voting = seen.scoreOpened & seen.live & ~extras.abstained;
            uint256 voters = RoundPhase.popCount(voting);
            uint256[] memory owns = new uint256[](voters); // index of the voter's own update
            uint256[] memory words = new uint256[](voters);
            uint256[] memory seatOf = new uint256[](voters);
            uint256 positions = seatPositions;
            for ((uint256 seat, uint256 v) = (0, 0); seat < now_.seatCount; ++seat) {
                if (!_hasBit(voting, seat)) continue;
                seatOf[v] = seat;
                owns[v++] = _ownIndex(seen.included, _positionOf(positions, seat));
            }
            medians = new uint256[](count);
            uint256[] memory given = new uint256[](voters);
            for (uint256 k; k < count; ++k) {
                if (k % 16 == 0) for (uint256 v; v < voters; ++v) words[v] = vectors[seatOf[v]][k / 16];
                uint256 shift = 240 - 16 * (k % 16);
                // `given` gets the scores of all voters but the update's owner, and their number as its length.
                assembly ("memory-safe") {
                    let next := add(given, 0x20)
                    for {
                        let v := 0x20
                    } iszero(gt(v, shl(5, voters))) {
                        v := add(v, 0x20)
                    } {
                        if iszero(eq(mload(add(owns, v)), k)) {
                            mstore(next, and(shr(shift, mload(add(words, v))), 0xffff))
                            next := add(next, 0x20)
                        }
                    }
                    mstore(given, sub(shr(5, sub(next, given)), 1))
                }
                medians[k] = Scores.medianOf(given);
            }
        }
    }

    /// @return index by include order of the update at `position`, NONE where it is not included
    function _ownIndex(uint256 included, uint256 position) internal pure returns (uint256) {
        if (position == NOWHERE || !_hasBit(included, position)) return Scores.NONE;
        return RoundPhase.popCount(included & RoundPhase.fullMask(position));
    }

    /// @dev What the pool still owes nobody, in equal parts over the rounds that are left.
    function _splitPay(Clock memory now_, JobTerms memory terms_) private view returns (Pay memory pay) {
        unchecked {
            uint256 free = TREASURY.poolOf(address(this)) - ledger.owed;
            uint256 total = free / (terms_.rounds - now_.round + 1);
            pay.contributors = (total * terms_.contributorsBps) / ALL_BPS;
            pay.aggregator = (total * terms_.aggregatorBps) / ALL_BPS;
            pay.committee = (total * terms_.committeeBps) / ALL_BPS;
            pay.keeper = (total - pay.contributors - pay.aggregator - pay.committee) / KEEPERS;
        }
    }

    /// @dev The poster, and in equal parts the seats that attested the settled root and opened a vector or an abstention.
    /// @return amounts by seat
    function _judgesPay(
        Clock memory now_,
        Marks memory seen,
        Pay memory pay
    ) private pure returns (uint256[] memory amounts) {
        unchecked {
            amounts = new uint256[](now_.seatCount);
            uint256 judges = seen.attested & seen.live & seen.scoreOpened;
            uint256 count = RoundPhase.popCount(judges);
            uint256 paid;
            for (uint256 seat; judges >> seat != 0; ++seat) {
                if (!_hasBit(judges, seat)) continue;
                amounts[seat] = pay.committee / count + (paid++ < pay.committee % count ? 1 : 0);
            }
            amounts[now_.slot] += pay.aggregator;
        }
    }

    /// @dev A seat that also contributed is credited once.
    function _credit(
        Clock memory now_,
        uint256 included,
        uint256[] memory ids,
        uint256[] memory parts,
        uint256[] memory judgesPay
    ) private returns (uint256 sum) {
        unchecked {
            uint256 positions = seatPositions;
            uint256[] memory merged = new uint256[](ids.length);
            for (uint256 seat; seat < now_.seatCount; ++seat) {
                uint256 amount = judgesPay[seat];
                if (amount == 0) continue;
                sum += amount;
                uint256 own = _ownIndex(included, _positionOf(positions, seat));
                if (own == Scores.NONE) memberRecords[seats[seat]].credit += uint96(amount);
                else merged[own] = amount;
            }
            for (uint256 k; k < ids.length; ++k) {
                uint256 amount = parts[k] + merged[k];
                sum += parts[k];
                if (amount > 0) memberRecords[ids[k]].credit += uint96(amount);
            }
        }
    }

    /// @dev Keeper pay of an operator goes to its wallet. The same keeper in a row is credited once.
    function _payKeepers(uint256 each) private {
        unchecked {
            if (each == 0) return;
            address[] memory accounts = new address[](KEEPERS);
            uint256[] memory amounts = new uint256[](KEEPERS);
            address previous = msg.sender;
            uint256 last;
            (accounts[0], amounts[0]) = (_walletOf(previous), each);
            for (uint256 i; i < KEEPERS - 1; ++i) {
                address keeper = keepers[i];
                if (keeper != previous) accounts[++last] = _walletOf(keeper);
                amounts[last] += each;
                previous = keeper;
            }
            TREASURY.pay(accounts, amounts);
        }
    }
}
