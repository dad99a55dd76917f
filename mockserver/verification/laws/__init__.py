"""The laws of the contract: functions that take a run."""
