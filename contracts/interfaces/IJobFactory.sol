// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IJob} from "./IJob.sol";
import {JobTerms} from "./JobTypes.sol";

/// @title Makes jobs, and bounds their terms so that no sponsor can set a trap.
interface IJobFactory {
    event JobCreated(address indexed job, address indexed sponsor, bytes32 specHash, uint256 pool);

    /// @notice A term outside its bounds. `name` is the field of JobTerms; negative numbers appear as two's complement.
    error BadTerm(string name, uint256 value, uint256 min, uint256 max);

    /// @notice Opens a job and escrows `pool` of the terms' token from the caller, who has approved the Treasury.
    /// @param salt chosen by the sponsor: with the sponsor and the terms it decides the job's address
    function createJob(JobTerms calldata terms, uint96 pool, bytes32 salt) external returns (IJob job);

    /// @return the address that `createJob` of `sponsor` gives a job
    function predictJob(JobTerms calldata terms, address sponsor, bytes32 salt) external view returns (address);

    /// @return whether `job` was made here
    function isJob(address job) external view returns (bool);
}
