// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IConsortiumJobFactory, TermBounds} from "./interfaces/IConsortiumJobFactory.sol";
import {IJob} from "./interfaces/IJob.sol";
import {ITreasury} from "./interfaces/ITreasury.sol";
import {JobTerms} from "./interfaces/JobTypes.sol";
import {JobFactory} from "./JobFactory.sol";

/// @title The factory of a consortium's jobs. See IConsortiumJobFactory.
contract ConsortiumJobFactory is IConsortiumJobFactory, JobFactory, AccessManaged {
    uint256 private constant ALL_PERMILLE = 1_000;

    TermBounds private bounds;

    /// @param authority the AccessManager that says who is admin and who is sponsor
    /// @param firstBounds so that no job is made before the admin's first word
    constructor(
        address implementation,
        ITreasury treasury,
        uint256 minPhaseSeconds,
        address authority,
        TermBounds memory firstBounds
    ) JobFactory(implementation, treasury, minPhaseSeconds, 3, 2 ** 24 - 1) AccessManaged(authority) {
        _setBounds(firstBounds);
    }

    /// @inheritdoc JobFactory
    /// @dev Sponsor role.
    function createJob(JobTerms memory terms, uint96 pool, bytes32 salt) public override restricted returns (IJob job) {
        return super.createJob(terms, pool, salt);
    }

    /// @inheritdoc IConsortiumJobFactory
    function setBounds(TermBounds calldata newBounds) external restricted {
        _setBounds(newBounds);
    }

    /// @inheritdoc IConsortiumJobFactory
    function termBounds() external view returns (TermBounds memory) {
        return bounds;
    }

    function _checkTerms(JobTerms memory terms, uint256 pool) internal view override {
        super._checkTerms(terms, pool);
        TermBounds memory asked = bounds;
        uint160 token = uint160(address(asked.token));
        if (token != 0) {
            _within("token", uint160(address(terms.token)), token, token);
            _within("stakeToken", uint160(address(terms.stakeToken)), token, token);
        }
        _within("stake", terms.stake, asked.minStake, type(uint96).max);
        uint256 maxSlash = (uint256(terms.stake) * asked.maxSlashPermille) / ALL_PERMILLE;
        _within("faultSlash", terms.faultSlash, 0, maxSlash);
        _within("missSlash", terms.missSlash, 0, maxSlash);
        _within("committeeSize", terms.committeeSize, asked.minCommitteeSize, type(uint16).max);
        _checkPhases(terms, asked.minPhaseSeconds, asked.maxPhaseSeconds);
    }

    function _checkPhases(JobTerms memory terms, uint256 least, uint256 most) private pure {
        _within("joinSeconds", terms.joinSeconds, 0, most);
        _within("commitSeconds", terms.commitSeconds, least, most);
        _within("shareSeconds", terms.shareSeconds, least, most);
        _within("slotSeconds", terms.slotSeconds, least, most);
        _within("demandSeconds", terms.demandSeconds, least, most);
        _within("challengeSeconds", terms.challengeSeconds, least, most);
        _within("scoreSeconds", terms.scoreSeconds, least, most);
    }

    function _setBounds(TermBounds memory newBounds) private {
        _within("minPhaseSeconds", newBounds.minPhaseSeconds, 0, newBounds.maxPhaseSeconds);
        _within("maxSlashPermille", newBounds.maxSlashPermille, 0, ALL_PERMILLE);
        bounds = newBounds;
        emit BoundsSet(newBounds);
    }
}
