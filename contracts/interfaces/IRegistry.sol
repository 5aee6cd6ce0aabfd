// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Who is who: binds a participant's wallet to the operator key of its daemon, by two signatures.
/// @notice The wallet signs the transaction, the operator an EIP-712 consent, so neither can be claimed by somebody else.
/// All that is here follows the wallet: an operator can publish where it is dialled and do nothing else. An operator serves
/// one wallet, and an operator address is never used again. Nobody has any power over the registry.
interface IRegistry {
    event Registered(address indexed wallet, address indexed operator);
    /// @notice `retired` no longer serves and its contact is cleared; no ContactSet says so.
    event OperatorRotated(address indexed wallet, address indexed retired, address indexed operator);
    /// @notice `retired` no longer serves and its contact is cleared; no ContactSet says so.
    event Exited(address indexed wallet, address indexed retired);
    /// @param payout as it was given: zero for the wallet itself
    event PayoutSet(address indexed wallet, address indexed payout);
    event ContactSet(address indexed operator, string contact);

    error WalletAlreadyRegistered(address wallet, address operator);
    error WalletNotRegistered(address wallet);
    error OperatorAlreadyUsed(address operator, address wallet);
    error BadOperatorConsent(address operator, address recovered);
    /// @notice `account` is nobody's operator, or no longer its wallet's.
    error NotAnOperator(address account);
    error ContactTooLong(uint256 length, uint256 max);

    /// @notice Binds `operator` to the calling wallet.
    /// @param consent the operator's signature over `Registration(address wallet,address operator,uint256 nonce)` in the
    /// domain {name "Paceline Registry", version "1", chainId, this contract}, with the wallet's current nonce.
    function register(address operator, bytes calldata consent) external;

    /// @notice Replaces the operator of the calling wallet, whose key may be lost or stolen. Jobs follow at their next draw.
    /// @param consent the new operator's, as for `register`
    function rotate(address newOperator, bytes calldata consent) external;

    /// @notice Ends the calling wallet's registration. It may register again, with an operator that was never used.
    function exit() external;

    /// @notice Names where claims of the calling wallet's credits are sent; zero for the wallet itself. Anybody who has
    /// credits may call it, registered or not.
    function setPayout(address payout) external;

    /// @notice Publishes where the calling operator can be dialled: multiaddrs, separated by spaces, at most 512 bytes.
    /// Only the current operator of a wallet.
    function setContact(string calldata contact) external;

    /// @return whether `wallet` may join a job: it is registered, and allowed where a consortium keeps a list
    function mayJoin(address wallet) external view returns (bool);

    /// @return the operator that serves `wallet` now, zero where there is none
    function operatorOf(address wallet) external view returns (address);

    /// @return the wallet that `operator` serves or has served, zero where there is none; it never changes
    function walletOf(address operator) external view returns (address);

    /// @return whether `operator` is the one that serves its wallet now
    function isServing(address operator) external view returns (bool);

    /// @return where claims of the credits of `wallet` are sent: `wallet` where it named nothing else, registered or not
    function payoutOf(address wallet) external view returns (address);

    /// @return what the operator published; empty once it no longer serves
    function contactOf(address operator) external view returns (string memory);

    /// @return the nonce that the wallet's next consent, to register or to rotate, must be signed with
    function nonces(address wallet) external view returns (uint256);
}
