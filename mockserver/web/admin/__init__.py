"""The admin side under `/__admin/`: its API and its page. Nothing is imported here: `Server` starts without Flask."""
