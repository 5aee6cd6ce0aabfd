// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {JobTerms} from "../interfaces/IJob.sol";
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
        address[] accounts; // contributors in include order, the poster, the seats, the keepers
        uint256[] amounts;
    }

    function _settle(Clock memory now_, Marks memory seen, JobTerms memory terms_) internal {
        uint256[] memory ids = _includedIds(now_, seen.included);
        uint256[] memory scores = _score(now_, seen, ids);
        Pay memory pay = _splitPay(now_, terms_, ids.length);
        uint256[] memory parts = Scores.splitByScore(pay.contributors, scores);
        for (uint256 k; k < ids.length; ++k) {
            pay.accounts[k] = memberRecords[ids[k]].wallet;
            pay.amounts[k] = parts[k];
        }
        _payJudges(now_, seen, pay, ids.length);
        _payKeepers(pay);
        TREASURY.pay(pay.accounts, pay.amounts);

        modelId = keccak256(abi.encode(modelId, aggregateRoot));
        roundRecord[now_.round] = keccak256(abi.encode(seed, includeHash, aggregateRoot, uint256(seen.attested)));
        uint256 paid;
        for (uint256 i; i < pay.amounts.length; ++i) paid += pay.amounts[i];
        emit RoundSettled(now_.round, aggregateRoot, modelId, seen.included, scores, parts, paid);
    }

    function _includedIds(Clock memory now_, uint256 included) private view returns (uint256[] memory ids) {
        unchecked {
            ids = new uint256[](RoundPhase.popCount(included));
            uint256 count;
            for (uint256 position; position < now_.cohortCount; ++position) {
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
            uint256 voting = seen.scoreOpened & seen.live & ~draws.abstained;
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

    function _splitPay(
        Clock memory now_,
        JobTerms memory terms_,
        uint256 contributors
    ) private view returns (Pay memory pay) {
        unchecked {
            uint256 total = TREASURY.poolOf(address(this)) / (terms_.rounds - now_.round + 1);
            pay.contributors = (total * terms_.contributorsBps) / ALL_BPS;
            pay.aggregator = (total * terms_.aggregatorBps) / ALL_BPS;
            pay.committee = (total * terms_.committeeBps) / ALL_BPS;
            pay.keeper = (total - pay.contributors - pay.aggregator - pay.committee) / KEEPERS;
            uint256 length = contributors + 1 + now_.seatCount + KEEPERS;
            pay.accounts = new address[](length);
            pay.amounts = new uint256[](length);
        }
    }

    /// @dev The poster, and in equal parts the seats that attested the settled root and opened a vector or an abstention.
    /// A seat that also contributed is credited once.
    function _payJudges(Clock memory now_, Marks memory seen, Pay memory pay, uint256 contributors) private view {
        unchecked {
            uint256 judges = seen.attested & seen.live & seen.scoreOpened;
            uint256 count = RoundPhase.popCount(judges);
            uint256 positions = seatPositions;
            uint256 paid;
            for (uint256 seat; seat < now_.seatCount; ++seat) {
                uint256 amount;
                if (_hasBit(judges, seat)) {
                    amount = pay.committee / count + (paid++ < pay.committee % count ? 1 : 0);
                }
                if (seat == now_.slot) amount += pay.aggregator;
                if (amount == 0) continue;
                uint256 own = _ownIndex(seen.included, _positionOf(positions, seat));
                if (own == Scores.NONE) {
                    own = contributors + 1 + seat;
                    pay.accounts[own] = memberRecords[seats[seat]].wallet;
                }
                pay.amounts[own] += amount;
            }
        }
    }

    /// @dev Keeper pay of an operator goes to its wallet. The same keeper in a row is credited once.
    function _payKeepers(Pay memory pay) private view {
        unchecked {
            uint256 last = pay.accounts.length - KEEPERS;
            address previous;
            for (uint256 i; i < KEEPERS; ++i) {
                address keeper = keepers[i];
                if (i > 0 && keeper != previous) ++last;
                if (pay.accounts[last] == address(0)) pay.accounts[last] = _walletOf(keeper);
                pay.amounts[last] += pay.keeper;
                previous = keeper;
            }
        }
    }
}
