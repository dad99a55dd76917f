"""`apigames-mock serve`."""
