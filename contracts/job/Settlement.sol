// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {JobTerms, RoundRecord} from "../interfaces/JobTypes.sol";
import {RoundPhase} from "../libraries/RoundPhase.sol";
import {Scores} from "../libraries/Scores.sol";
import {Words} from "../libraries/Words.sol";
import {Slashing} from "./Slashing.sol";

/// @title From opened score vectors to credits. What nobody earned stays in the pool.
abstract contract Settlement is Slashing {
    using Words for uint256[];

    uint256 private constant ALL_BPS = 10_000;

    /// @dev A round's pay, as it is split.
    struct Pay {
        uint256 contributors;
        uint256 aggregator;
        uint256 committee;
        uint256 keeper; // each
    }

    function _settle(Clock memory now_, Marks memory seen, JobTerms memory terms_) internal {
        uint256[] memory ids = _includedIds(now_, seen.included);
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
            uint256 attested = seen.attested; // also who was ejected since: it answers for this round, too
            record.attesters = new uint16[](RoundPhase.popCount(attested));
            uint256 count;
            for (uint256 seat; attested >> seat != 0; ++seat) {
                if (_hasBit(attested, seat)) record.attesters[count++] = seats[seat];
            }
        }
    }

    function _includedIds(Clock memory now_, uint256 included) private view returns (uint256[] memory ids) {
        unchecked {
            ids = new uint256[](RoundPhase.popCount(included));
            uint256 count;
            for (uint256 position; included >> position != 0; ++position) {
                if (_hasBit(included, position)) ids.put(count++, _idAt(now_, position));
            }
        }
    }

    /// @dev The scores that the round pays by; moves the trailing scores.
    function _score(Clock memory now_, Marks memory seen, uint256[] memory ids) private returns (uint256[] memory) {
        unchecked {
            uint256[] memory medians = _medians(now_, seen, ids.length);
            return Scores.roundScores(medians, _moveTrailing(ids, medians));
        }
    }

    /// @dev Eight trailing scores share a slot: it is read once and written once for neighbours.
    /// @return trailing scores as they were
    function _moveTrailing(uint256[] memory ids, uint256[] memory medians) private returns (uint256[] memory trailing) {
        unchecked {
            trailing = new uint256[](ids.length);
            uint256 index = type(uint256).max; // of the slot that `word` was read from
            uint256 word;
            for (uint256 k; k < ids.length; ++k) {
                uint256 id = ids.get(k);
                if (id >> 3 != index) {
                    if (k > 0) _putTrailing(index, word);
                    index = id >> 3;
                    word = _getTrailing(index);
                }
                uint256 shift = 32 * (id & 7);
                uint256 last = uint32(word >> shift);
                uint256 median = medians.get(k);
                trailing.put(k, last);
                if (median != Scores.NONE) word ^= (last ^ Scores.nextTrailing(last, median)) << shift;
            }
            _putTrailing(index, word);
        }
    }

    function _getTrailing(uint256 index) private view returns (uint256 word) {
        assembly ("memory-safe") {
            word := sload(add(trailingScores.slot, index))
        }
    }

    function _putTrailing(uint256 index, uint256 word) private {
        assembly ("memory-safe") {
            sstore(add(trailingScores.slot, index), word)
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
            uint256[] memory seatOf = new uint256[](voters);
            uint256[] memory owns = new uint256[](voters); // index of the voter's own update
            uint256 positions = seatPositions;
            for ((uint256 seat, uint256 v) = (0, 0); seat < now_.seatCount; ++seat) {
                if (!_hasBit(voting, seat)) continue;
                seatOf.put(v, seat);
                owns.put(v++, _ownIndex(seen.included, _positionOf(positions, seat)));
            }
            medians = new uint256[](count);
            uint256[] memory words = new uint256[](voters);
            for (uint256 first; first < count; first += Scores.LANES) {
                for (uint256 v; v < voters; ++v) words.put(v, vectors[seatOf.get(v)][first / Scores.LANES]);
                Scores.mediansOf(words, owns, first, medians);
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
            if (_hasBit(seen.live, now_.slot)) amounts[now_.slot] += pay.aggregator;
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
                uint256 amount = judgesPay.get(seat);
                if (amount == 0) continue;
                sum += amount;
                uint256 own = _ownIndex(included, _positionOf(positions, seat));
                if (own == Scores.NONE) _addCredit(seats[seat], amount);
                else merged.put(own, amount);
            }
            for (uint256 k; k < ids.length; ++k) {
                uint256 part = parts.get(k);
                sum += part;
                part += merged.get(k);
                if (part > 0) _addCredit(ids.get(k), part);
            }
        }
    }

    /// @dev A pool is below 2^96, and all credits are of it. They stand above the wallet in its slot.
    function _addCredit(uint256 id, uint256 amount) private {
        MemberRecord storage member = memberRecords[id];
        assembly ("memory-safe") {
            let slot := add(member.slot, 1)
            sstore(slot, add(sload(slot), shl(160, amount)))
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
