// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {JobTerms} from "../interfaces/JobTypes.sol";

/// @title A job's terms and sponsor in eight words, as they stand behind a clone's code. A word of code costs 6,400 gas when
/// the job is made: the ABI's layout would take 35.
library TermsCode {
    uint256 internal constant BYTES = 0x100;
    uint256 internal constant GENESIS_WORD = 1;
    uint256 internal constant WEIGHT_CAP_WORD = 2; // the lowest 32 bits
    uint256 internal constant SPONSOR_WORD = 7; // the highest 160 bits

    function pack(JobTerms memory t, address sponsor) internal pure returns (bytes memory) {
        bytes memory hashes = abi.encodePacked(t.specHash, t.genesisHash);
        bytes memory sizes = abi.encodePacked(address(t.token), t.rounds, t.vectorLength, t.weightCap);
        bytes memory members = abi.encodePacked(
            address(t.stakeToken),
            t.startMembers,
            t.cohortSize,
            t.committeeSize,
            t.minCommits,
            t.rule,
            t.minExponent,
            t.maxExponent,
            t.initialExponent
        );
        bytes memory times = abi.encodePacked(
            t.joinSeconds,
            t.commitSeconds,
            t.shareSeconds,
            t.slotSeconds,
            t.demandSeconds,
            t.challengeSeconds,
            t.scoreSeconds,
            t.unbondSeconds
        );
        bytes memory shares = abi.encodePacked(
            t.stake,
            t.faultSlash,
            t.contributorsBps,
            t.aggregatorBps,
            t.committeeBps,
            t.keepersBps
        );
        bytes memory slashes = abi.encodePacked(
            t.missSlash,
            t.proofReward,
            t.phaseBlocks,
            t.trimPermille,
            t.suspendDraws,
            t.stakeWeighted,
            uint16(0)
        );
        return bytes.concat(hashes, sizes, members, times, shares, slashes, abi.encodePacked(sponsor, uint96(0)));
    }

    function unpack(uint256[8] memory words) internal pure returns (JobTerms memory t) {
        (t.specHash, t.genesisHash) = (bytes32(words[0]), bytes32(words[1]));
        uint256 w = words[2];
        t.token = IERC20(address(uint160(w >> 96)));
        (t.rounds, t.vectorLength, t.weightCap) = (uint32(w >> 64), uint32(w >> 32), uint32(w));
        w = words[3];
        t.stakeToken = IERC20(address(uint160(w >> 96)));
        (t.startMembers, t.cohortSize) = (uint16(w >> 80), uint16(w >> 64));
        (t.committeeSize, t.minCommits) = (uint16(w >> 48), uint16(w >> 32));
        (t.rule, t.minExponent) = (uint8(w >> 24), int8(uint8(w >> 16)));
        (t.maxExponent, t.initialExponent) = (int8(uint8(w >> 8)), int8(uint8(w)));
        w = words[4];
        (t.joinSeconds, t.commitSeconds) = (uint32(w >> 224), uint32(w >> 192));
        (t.shareSeconds, t.slotSeconds) = (uint32(w >> 160), uint32(w >> 128));
        (t.demandSeconds, t.challengeSeconds) = (uint32(w >> 96), uint32(w >> 64));
        (t.scoreSeconds, t.unbondSeconds) = (uint32(w >> 32), uint32(w));
        w = words[5];
        (t.stake, t.faultSlash) = (uint96(w >> 160), uint96(w >> 64));
        (t.contributorsBps, t.aggregatorBps) = (uint16(w >> 48), uint16(w >> 32));
        (t.committeeBps, t.keepersBps) = (uint16(w >> 16), uint16(w));
        w = words[6];
        (t.missSlash, t.proofReward) = (uint96(w >> 160), uint96(w >> 64));
        (t.phaseBlocks, t.trimPermille) = (uint16(w >> 48), uint16(w >> 32));
        (t.suspendDraws, t.stakeWeighted) = (uint8(w >> 24), uint8(w >> 16) != 0);
    }
}
