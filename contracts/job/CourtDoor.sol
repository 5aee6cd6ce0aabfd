// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IJobDesk} from "../interfaces/IJobDesk.sol";
import {JobTerms, Phase, RoundRecord} from "../interfaces/JobTypes.sol";
import {Slashing} from "./Slashing.sol";

/// @title What the Court may do to a job.
abstract contract CourtDoor is IJobDesk, Slashing {
    modifier onlyCourt() {
        if (msg.sender != address(COURT)) revert OnlyCourt(msg.sender);
        _;
    }

    function faultProposal(address prover) external onlyCourt {
        Clock memory now_ = clock;
        if (now_.phase != Phase.Challenge) revert WrongPhase(now_.phase);
        Marks memory seen = marks;
        uint256 faulty = seen.attested | (1 << now_.slot);
        marks.live = uint32(seen.live & ~faulty);
        uint256 poster = now_.slot;
        _dropDemands();
        _nextSlot(now_);
        _enter(now_, Phase.Propose);

        JobTerms memory terms_ = _terms();
        for (uint256 seat; faulty >> seat != 0; ++seat) {
            // Only the poster's stake pays the prover, so that accomplices cannot be set up for a reward each.
            address rewarded = seat == poster ? _walletOf(prover) : address(0);
            if (_hasBit(faulty, seat)) _fault(now_, terms_, seats[seat], terms_.faultSlash, prover, rewarded);
        }
    }

    function faultRecord(uint32 round, RoundRecord calldata record, address prover) external onlyCourt {
        if (records[round] == 0 || keccak256(abi.encode(record)) != records[round]) revert WrongRecord(round);
        records[round] = 0;
        emit RoundFaulty(round, prover);
        Clock memory now_ = clock;
        JobTerms memory terms_ = _terms();
        for (uint256 i; i < record.attesters.length; ++i) {
            uint256 id = record.attesters[i];
            address rewarded = id == record.poster ? _walletOf(prover) : address(0);
            _dropSeat(now_, id);
            _fault(now_, terms_, id, terms_.faultSlash, prover, rewarded);
        }
    }

    function faultMember(uint16 memberId, address prover) external onlyCourt {
        Clock memory now_ = clock;
        _dropSeat(now_, memberId);
        _fault(now_, _terms(), memberId, type(uint96).max, prover, _walletOf(prover));
    }

    function openDemand() external onlyCourt {
        if (clock.phase != Phase.Challenge) revert WrongPhase(clock.phase);
        ++extras.openDemands;
    }

    function closeDemand() external onlyCourt {
        --extras.openDemands;
        JobTerms memory terms_ = _terms();
        extras.windowEnd = uint40(block.timestamp + terms_.demandSeconds);
        extras.windowEndBlock = uint40(block.number + terms_.phaseBlocks);
    }

    /// @dev A seat of the running round, if the member has one, judges no more.
    function _dropSeat(Clock memory now_, uint256 id) private {
        for (uint256 seat; seat < now_.seatCount; ++seat) {
            if (seats[seat] == id) marks.live &= ~uint32(1 << seat);
        }
    }
}
