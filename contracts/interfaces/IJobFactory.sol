// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IJob, JobTerms} from "./IJob.sol";

/// @title Makes jobs, and bounds their terms so that no sponsor can set a trap.
interface IJobFactory {
    event JobCreated(address indexed job, address indexed sponsor, bytes32 specHash, uint256 pool);

    /// @notice A term outside its bounds. `name` is the field of JobTerms.
    error BadTerm(string name, uint256 value, uint256 min, uint256 max);

    /// @notice Opens a job and escrows `pool` of the terms' token from the caller, who has approved the Treasury.
    function createJob(JobTerms calldata terms, uint256 pool) external returns (IJob job);

    /// @return whether `job` was made here
    function isJob(address job) external view returns (bool);
}
