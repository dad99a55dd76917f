"""`apigames-mock doctor`."""
