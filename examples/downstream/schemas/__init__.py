"""Our own package; it has nothing to do with the folder of the same name in apigames-mock."""

VOUCHER_COLUMNS = ("voucher_code", "status", "nominal_gs")
