"""Puts the policy back to its baseline, which lies in S3: nobody deletes that by accident."""

import json
import os

import boto3
from versions import addresses_of, default_of, document_of, make_default, versions_of

iam = boto3.client("iam")
s3 = boto3.client("s3")


def handler(_event, _context):
    arn = os.environ["POLICY_ARN"]
    found = s3.get_object(Bucket=os.environ["BUCKET"], Key=os.environ["KEY"])
    baseline = json.loads(found["Body"].read())
    if not addresses_of(baseline):
        raise ValueError("the baseline lists no address")
    now = document_of(iam, arn, default_of(versions_of(iam, arn)))
    if now == baseline:
        return {"message": "nothing to reset"}
    made = make_default(iam, arn, json.dumps(baseline))
    return {"message": f"reset by v{made}"}
