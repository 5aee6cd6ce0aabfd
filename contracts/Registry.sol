// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";

/// @title Wallets and their operators. See IRegistry.
contract Registry is IRegistry, EIP712("Paceline Registry", "1"), Nonces {
    uint256 public constant MAX_CONTACT_BYTES = 512;
    bytes32 private constant REGISTRATION_TYPE = keccak256(
        "Registration(address wallet,address operator,uint256 nonce)"
    );

    /// @inheritdoc IRegistry
    mapping(address wallet => address) public operatorOf;
    /// @inheritdoc IRegistry
    mapping(address operator => address) public walletOf;
    /// @inheritdoc IRegistry
    mapping(address operator => string) public contactOf;

    /// @inheritdoc IRegistry
    function register(address operator, bytes calldata consent) external {
        if (operatorOf[msg.sender] != address(0)) {
            revert WalletAlreadyRegistered(msg.sender, operatorOf[msg.sender]);
        }
        if (walletOf[operator] != address(0)) revert OperatorAlreadyUsed(operator, walletOf[operator]);
        bytes32 structHash = keccak256(abi.encode(REGISTRATION_TYPE, msg.sender, operator, _useNonce(msg.sender)));
        (address recovered, , ) = ECDSA.tryRecoverCalldata(_hashTypedDataV4(structHash), consent);
        if (recovered == address(0) || recovered != operator) revert BadOperatorConsent(operator, recovered);

        operatorOf[msg.sender] = operator;
        walletOf[operator] = msg.sender;
        emit Registered(msg.sender, operator);
    }

    /// @inheritdoc IRegistry
    function setContact(string calldata contact) external {
        if (walletOf[msg.sender] == address(0)) revert NotAnOperator(msg.sender);
        uint256 length = bytes(contact).length;
        if (length > MAX_CONTACT_BYTES) revert ContactTooLong(length, MAX_CONTACT_BYTES);
        contactOf[msg.sender] = contact;
        emit ContactSet(msg.sender, contact);
    }

    /// @inheritdoc IRegistry
    function nonces(address wallet) public view override(IRegistry, Nonces) returns (uint256) {
        return super.nonces(wallet);
    }
}
