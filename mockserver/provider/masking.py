"""Masking, as the provider has it: see `mockserver.contract.masking`."""

from mockserver.contract.masking import MASK, SECRET_FIELDS, Masker, printable, sent_secrets

__all__ = ["MASK", "SECRET_FIELDS", "Masker", "printable", "sent_secrets"]
