"""The scenarios of clients that submit voucher codes and poll for what becomes of them."""
