"""Signs the requests given as JSON on stdin with botocore; prints the signed ones as JSON."""

import datetime
import json
import sys
import types
from urllib.parse import urlsplit

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

given = json.load(sys.stdin)


class FixedTime(datetime.datetime):
    @classmethod
    def utcnow(cls):
        return cls.strptime(given["now"], "%Y%m%dT%H%M%SZ")

    @classmethod
    def now(cls, tz=None):
        return cls.utcnow().replace(tzinfo=tz)


botocore.auth.datetime = types.SimpleNamespace(
    datetime=FixedTime, timedelta=datetime.timedelta, timezone=datetime.timezone
)
if hasattr(botocore.auth, "get_current_datetime"):
    botocore.auth.get_current_datetime = lambda remove_tzinfo=True: FixedTime.utcnow()

signers = {
    ("header", False): botocore.auth.SigV4Auth,
    ("header", True): botocore.auth.S3SigV4Auth,
    ("presigned", False): botocore.auth.SigV4QueryAuth,
    ("presigned", True): botocore.auth.S3SigV4QueryAuth,
}

signed = []
for item in given["requests"]:
    credentials = Credentials(*given["credentials"])
    request = AWSRequest(item["method"], item["url"], item["headers"], item["body"].encode())
    signer = signers[item["form"], item["service"] == "s3"]
    signer(credentials, item["service"], given["region"]).add_auth(request)
    url = urlsplit(request.url)
    headers = [text for pair in request.headers.items() for text in pair]
    signed.append(
        {
            "method": item["method"],
            "rawPath": url.path,
            "rawQuery": url.query,
            "headers": ["Host", url.netloc, *headers],
        }
    )
json.dump(signed, sys.stdout)
