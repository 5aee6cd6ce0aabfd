// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IJobDesk} from "../interfaces/IJobDesk.sol";
import {JobTerms, Phase} from "../interfaces/JobTypes.sol";
import {SumTree} from "../libraries/SumTree.sol";
import {Slashing} from "./Slashing.sol";

/// @title Who takes part, and what it has earned. A wallet joins a job once: who has left does not come back.
abstract contract Membership is IJobDesk, Slashing {
    using SumTree for SumTree.Tree;

    function join(uint96 amount) external returns (uint16 memberId) {
        Phase current = clock.phase;
        if (_hasEnded(current)) revert WrongPhase(current);
        if (!REGISTRY.mayJoin(msg.sender)) revert MayNotJoin(msg.sender);
        if (memberIds[msg.sender] != 0) revert AlreadyMember(msg.sender);
        uint256 count = ledger.members;
        if (count == MAX_MEMBERS) revert JobFull(count);
        JobTerms memory terms_ = _terms();
        if (amount < terms_.stake) revert StakeTooSmall(amount, terms_.stake);

        memberId = uint16(count);
        memberIds[msg.sender] = count + 1;
        ledger.members = uint32(count + 1);
        MemberRecord storage member = memberRecords[count];
        member.operator = REGISTRY.operatorOf(msg.sender);
        (member.active, member.wallet) = (true, msg.sender);
        emit Joined(memberId, msg.sender, member.operator);
        TREASURY.lock(msg.sender, amount);
        _comeIn(count, terms_);
    }

    function addStake(uint96 amount) external {
        uint256 id = _idOf(msg.sender);
        MemberRecord storage member = memberRecords[id];
        if (_hasEnded(clock.phase)) revert WrongPhase(clock.phase);
        if (!member.active || member.ejected) revert AlreadyLeft(msg.sender);
        if (amount == 0) revert StakeTooSmall(0, 1);
        emit StakeAdded(uint16(id), amount);
        TREASURY.lock(msg.sender, amount);
        if (member.suspendedUntil == 0) _comeIn(id, _terms());
    }

    function leaveJob() external {
        uint256 id = _idOf(msg.sender);
        MemberRecord storage member = memberRecords[id];
        Phase current = clock.phase;
        bool atOnce = current == Phase.Joining || _hasEnded(current);
        // Who waits in the queue when the job ends calls again.
        if (member.gone || (!member.active && !atOnce)) revert AlreadyLeft(msg.sender);

        if (member.active) emit Left(uint16(id), msg.sender);
        member.active = false;
        if (atOnce) _reweigh(id, _terms());
        else _enqueueDeparture(id);
    }

    function unbond(uint16 memberId) external {
        _requireMember(memberId);
        MemberRecord storage member = memberRecords[memberId];
        if (!member.gone) revert StillMember(memberId);
        if (_isDrawn(memberId)) revert StillDrawn(memberId, clock.round);
        _unbond(member.wallet, _terms());
    }

    function resume(uint16 memberId) external {
        _requireMember(memberId);
        MemberRecord storage member = memberRecords[memberId];
        uint256 untilRound = member.suspendedUntil;
        if (untilRound == 0) revert NotSuspended(memberId);
        bool short = candidates.countOf() < MIN_COHORT;
        // Not before it has left the draws, either.
        if (!short && (clock.round < untilRound || member.departing)) revert StillSuspended(memberId, untilRound);
        member.suspendedUntil = 0;
        emit Resumed(memberId);
        _enqueueArrival(memberId);
    }

    function refreshOperator(uint16 memberId) external {
        _requireMember(memberId);
        MemberRecord storage member = memberRecords[memberId];
        uint256 round = clock.round;
        address latest = REGISTRY.operatorOf(member.wallet);
        address known = member.rotating ? nextOperators[memberId].operator : member.operator;
        if (latest == known) revert OperatorUnchanged(memberId, latest);

        member.operator = _operatorOf(round, memberId);
        member.rotating = true;
        // Nobody signs in Joining and Draw: there the change is for this round.
        uint32 fromRound = uint32(clock.phase <= Phase.Draw ? round : round + 1);
        nextOperators[memberId] = NextOperator(latest, fromRound);
        emit OperatorChanged(memberId, latest, fromRound);
    }

    function claim(uint16 memberId) external returns (uint256 amount) {
        _requireMember(memberId);
        MemberRecord storage member = memberRecords[memberId];
        amount = member.credit;
        if (amount == 0) revert NoCredit(memberId);
        member.credit = 0;
        ledger.owed -= uint96(amount);
        emit CreditClaimed(memberId, member.wallet, amount);
        TREASURY.payOut(member.wallet, amount);
    }

    /// @dev Into the draws: before the start at once, later with the next snapshot.
    function _comeIn(uint256 id, JobTerms memory terms_) private {
        if (clock.phase == Phase.Joining) _reweigh(id, terms_);
        else _enqueueArrival(id);
    }

    function _idOf(address wallet) private view returns (uint256 id) {
        id = memberIds[wallet];
        if (id == 0) revert NotAMember(wallet);
        --id;
    }

    function _requireMember(uint256 id) private view {
        if (id >= ledger.members) revert NoSuchMember(id, ledger.members);
    }
}
