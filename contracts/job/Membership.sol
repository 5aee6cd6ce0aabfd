// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Phase} from "../interfaces/IJob.sol";
import {JobStorage} from "./JobStorage.sol";

/// @title Who takes part. During a round, changes wait in a queue until its commits close: that is the snapshot of the next
/// draw. A wallet joins a job once: who has left does not come back.
abstract contract Membership is JobStorage {
    uint256 private constant JOIN = 0;
    uint256 private constant LEAVE = 1;
    uint256 private constant BAR = 2;
    /// @dev Bounds the gas of a transition; the rest waits for the next round.
    uint256 private constant CHANGES_A_ROUND = 64;

    function join() external returns (uint16 memberId) {
        Phase current = clock.phase;
        if (_hasEnded(current)) revert WrongPhase(current);
        address operator = REGISTRY.operatorOf(msg.sender);
        if (operator == address(0)) revert NotRegistered(msg.sender);
        if (memberIdOf[msg.sender] != 0) revert AlreadyMember(msg.sender);
        uint256 count = draws.members;
        if (count == MAX_MEMBERS) revert JobFull(count);

        memberId = uint16(count);
        memberIdOf[msg.sender] = count + 1;
        memberRecords[count] = MemberRecord(operator, 0, false, true, false, msg.sender);
        draws.members = uint16(count + 1);
        if (current == Phase.Joining) _addCandidate(count);
        else _enqueue(JOIN, count);
        emit Joined(memberId, msg.sender, operator);
        TREASURY.lock(msg.sender, _terms().stake);
    }

    function leave() external {
        uint256 id = memberIdOf[msg.sender];
        if (id == 0) revert NotAMember(msg.sender);
        MemberRecord storage member = memberRecords[--id];
        Phase current = clock.phase;
        bool atOnce = current == Phase.Joining || _hasEnded(current);
        // Who waits in the queue when the job ends calls again.
        if (member.gone || (!member.active && !atOnce)) revert NotAMember(msg.sender);

        if (member.active) emit Left(uint16(id), msg.sender);
        member.active = false;
        if (atOnce) _removeMember(id, _terms().unbondSeconds);
        else _enqueue(LEAVE, id);
    }

    /// @dev Never drawn for the committee again, from the next snapshot on.
    function _bar(uint256 id) internal {
        MemberRecord storage member = memberRecords[id];
        if (member.barred) return;
        member.barred = true;
        _enqueue(BAR, id);
    }

    function _enqueue(uint256 kind, uint256 id) private {
        queue[draws.queueEnd++] = uint24((kind << 16) | id);
    }

    /// @dev Applies what has waited, oldest first.
    function _applyQueue(uint256 unbondSeconds) internal {
        uint256 head = draws.queueHead;
        uint256 end = draws.queueEnd;
        if (head == end) return;
        uint256 stop = end - head > CHANGES_A_ROUND ? head + CHANGES_A_ROUND : end;
        for (; head < stop; ++head) {
            uint256 id = queue[head] & 0xffff;
            uint256 kind = queue[head] >> 16;
            if (kind == JOIN) _addCandidate(id);
            else if (kind == LEAVE) _removeMember(id, unbondSeconds);
            else _barCandidate(id);
        }
        (draws.queueHead, draws.queueEnd) = head == end ? (0, 0) : (uint32(head), uint32(end));
    }

    function _removeMember(uint256 id, uint256 unbondSeconds) private {
        MemberRecord storage member = memberRecords[id];
        if (member.place != 0) _removeCandidate(id);
        member.gone = true;
        TREASURY.unbond(member.wallet, block.timestamp + unbondSeconds);
    }

    /// @dev A new candidate is eligible; the first of the barred makes room for it at the end.
    function _addCandidate(uint256 id) private {
        (uint16 count, uint16 eligible) = (draws.candidates, draws.eligible);
        if (count != eligible) _place(candidateIds[eligible], count);
        _place(id, eligible);
        (draws.candidates, draws.eligible) = (count + 1, eligible + 1);
    }

    function _removeCandidate(uint256 id) private {
        uint256 hole = memberRecords[id].place - 1;
        uint16 eligible = draws.eligible;
        if (hole < eligible) {
            draws.eligible = --eligible;
            _place(candidateIds[eligible], hole);
            hole = eligible;
        }
        uint16 count = --draws.candidates;
        // The last entry may be the hole itself, where a moved candidate's number still stands.
        if (hole != count) _place(candidateIds[count], hole);
        memberRecords[id].place = 0;
    }

    function _barCandidate(uint256 id) private {
        uint16 place = memberRecords[id].place;
        if (place == 0) return; // left meanwhile
        uint16 eligible = --draws.eligible;
        uint256 last = candidateIds[eligible];
        _place(id, eligible);
        if (last != id) _place(last, place - 1);
    }

    function _place(uint256 id, uint256 index) private {
        candidateIds[index] = uint16(id);
        memberRecords[id].place = uint16(index + 1);
    }
}
