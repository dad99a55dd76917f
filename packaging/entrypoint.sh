#!/bin/sh
# A world mounted at /world.json is served; the address is left for the health check where there is room for it.
set -eu
case "${1:-serve}" in
  -h | --help | --version) ;;
  -*) set -- serve "$@" ;;
esac
if [ -e /world.json ]; then
  export APIGAMES_MOCK_WORLD="${APIGAMES_MOCK_WORLD:-/world.json}"
fi
if [ -w /run/apigames-mock ]; then
  export APIGAMES_MOCK_URL_FILE="${APIGAMES_MOCK_URL_FILE:-/run/apigames-mock/url}"
fi
exec apigames-mock "$@"
