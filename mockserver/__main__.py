"""`python -m mockserver` is `apigames-mock`."""

from mockserver.cli.main import main

main()
