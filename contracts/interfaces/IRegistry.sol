// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Who is who: binds a participant's wallet to the operator key of its daemon, by two signatures.
/// @notice The wallet signs the transaction, the operator an EIP-712 consent, so neither can be claimed by somebody else.
/// An operator serves one wallet, and an operator address is never used again.
interface IRegistry {
    event Registered(address indexed wallet, address indexed operator);
    event ContactSet(address indexed operator, string contact);

    error WalletAlreadyRegistered(address wallet, address operator);
    error OperatorAlreadyUsed(address operator, address wallet);
    error BadOperatorConsent(address operator, address recovered);
    error NotAnOperator(address account);
    error ContactTooLong(uint256 length, uint256 max);

    /// @notice Binds `operator` to the calling wallet.
    /// @param consent the operator's signature over `Registration(address wallet,address operator,uint256 nonce)` in the
    /// domain {name "Paceline Registry", version "1", chainId, this contract}, with the wallet's current nonce.
    function register(address operator, bytes calldata consent) external;

    /// @notice Publishes where the calling operator can be dialled: multiaddrs, separated by spaces, at most 512 bytes.
    function setContact(string calldata contact) external;

    /// @return the operator of `wallet`, zero where there is none
    function operatorOf(address wallet) external view returns (address);

    /// @return the wallet of `operator`, zero where there is none
    function walletOf(address operator) external view returns (address);

    function contactOf(address operator) external view returns (string memory);

    /// @return the nonce that the wallet's next registration must be signed with
    function nonces(address wallet) external view returns (uint256);
}
