import asyncio

import pytest
from fixtures import PASTED
from redemptions.client import Client, Refused
from responses import RequestsMock

from mockserver import FakeMerchant, HttpxDouble
from schemas import VOUCHER_COLUMNS


def client_of(merchant: FakeMerchant, **where: str) -> Client:
    return Client(merchant.merchant_id, merchant.secret_key, **where)


def test_reads_every_page(apigames: FakeMerchant) -> None:
    project = apigames.project(pending=40, success=30)
    codes = [
        voucher["voucher_code"] for voucher in client_of(apigames, base_url=apigames.url).vouchers(project.project_id)
    ]
    assert codes == [voucher.voucher_code for voucher in project.vouchers]
    apigames.assert_called(page=3)
    apigames.assert_not_called(rc=lambda rc: rc != 200)


def test_sees_vouchers_move(apigames: FakeMerchant, apigames_responses: RequestsMock) -> None:
    project = apigames.project(pending=5)
    client = client_of(apigames)
    project.move("pending", to="success", count=2)
    assert sum(voucher["nominal_gs"] > 0 for voucher in client.vouchers(project.project_id)) == 2


def test_reads_what_we_saw_in_production(apigames: FakeMerchant, apigames_responses: RequestsMock) -> None:
    project = apigames.project(vouchers=PASTED)
    seen = list(client_of(apigames).vouchers(project.project_id))
    assert [voucher["voucher_code"] for voucher in seen] == ["ABC123DEF456GHI", "JKL789MNO012PQR"]
    assert all(column in voucher for voucher in seen for column in VOUCHER_COLUMNS)


def test_a_refusal_is_no_success(apigames: FakeMerchant, apigames_responses: RequestsMock) -> None:
    with pytest.raises(Refused, match="Project ID tidak ditemukan"):
        list(client_of(apigames).vouchers("R000000NONE000000"))
    apigames.assert_called(clause="ERR-4", times=1)


def test_an_empty_project(apigames: FakeMerchant, apigames_responses: RequestsMock) -> None:
    assert list(client_of(apigames).vouchers(apigames.project().project_id)) == []


def test_asynchronously(apigames: FakeMerchant, apigames_httpx: HttpxDouble) -> None:
    project = apigames.project(pending=3)
    assert len(asyncio.run(client_of(apigames).first_page(project.project_id))) == 3


@pytest.mark.apigames(readings={"http_status": "200", "empty_vouchers": "null"})
def test_under_another_reading(apigames: FakeMerchant, apigames_responses: RequestsMock) -> None:
    client = client_of(apigames)
    assert list(client.vouchers(apigames.project().project_id)) == []
    with pytest.raises(Refused):
        list(client.vouchers("R000000NONE000000"))
