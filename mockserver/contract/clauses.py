"""What the vendor's page documents, clause by clause. Ids are stable: code, schemas, tests and reports cite them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

CLAUSES: Mapping[str, str] = MappingProxyType(
    {
        "REQ-1": "The call is a POST whose body is one JSON object.",
        "REQ-2": "signature is lower-case hex md5 of merchant_id immediately followed by secret_key, in UTF-8.",
        "REQ-3": 'projectid names the project; status "" is no filter; page counts from 1; limit is the page size.',
        "ERR-1": 'A body that is not valid JSON: rc 400, "Data JSON tidak valid".',
        "ERR-2": 'Unknown merchant: rc 500, "Merchant not found".',
        "ERR-3": 'Wrong signature: rc 500, "Signature Not Valid".',
        "ERR-4": 'Unknown project, or one of another merchant: rc 500, "Project ID tidak ditemukan".',
        "ERR-5": "An error has status 0, rc and error_msg, and never data, ts or message.",
        "RES-1": "Success: status 1, rc 200, the message, data, and ts: Unix seconds, now.",
        "RES-2": "data has current_page (echo), data (an object), total_data and total_page.",
        "RES-3": "data.data has id, merchant_id and project_id (echo), total_voucher, vouchers, totals and stats.",
        "RES-4": "A voucher has its ten documented fields, each of its type and form.",
        "RES-5": "Vouchers come by id, newest first.",
        "RES-6": "created is the date of the date-time beside it; updated_at is not before that.",
        "PAGE-1": "A page holds at most limit vouchers; the pages together hold each matching voucher once.",
        "PAGE-2": "total_data counts the matching vouchers; total_page is ceil(total_data / limit).",
        "FILT-1": "With status set, exactly the vouchers of that status are listed, over all pages.",
        "SUM-1": "stats has the five names, each equal to the number of vouchers in that status.",
        "SUM-2": "kategori_voucher has one entry for each nominal, equal to its number of vouchers.",
    }
)
