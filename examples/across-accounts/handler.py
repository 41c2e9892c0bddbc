"""Calls the API of another account as this function's role, whose credentials are in the environment."""

import json
import os

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session


def runner(event, context):
    credentials = Credentials(
        os.environ["AWS_ACCESS_KEY_ID"],
        os.environ["AWS_SECRET_ACCESS_KEY"],
        os.environ["AWS_SESSION_TOKEN"],
    )
    request = AWSRequest(method="GET", url=os.environ["URL"])
    if event.get("signed", True):
        SigV4Auth(credentials, "execute-api", os.environ["AWS_REGION"]).add_auth(request)
    response = URLLib3Session().send(request.prepare())
    return json.loads(response.text)
