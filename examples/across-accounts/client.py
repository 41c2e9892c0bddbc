"""Calls an API as whoever the environment's credentials belong to, signed with botocore's SigV4."""

import os
import sys

import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.session import Session


def call(url):
    request = AWSRequest(method="GET", url=url, headers={"Content-Type": "application/json"})
    credentials = Session().get_credentials()
    SigV4Auth(credentials, "execute-api", os.environ["AWS_REGION"]).add_auth(request)
    return requests.get(url, headers=dict(request.headers), timeout=10)


if __name__ == "__main__":
    response = call(sys.argv[1])
    print(response.status_code, response.text)
