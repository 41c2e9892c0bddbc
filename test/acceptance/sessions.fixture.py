"""IAM and STS with boto3, as a user of theirs would; the endpoint is the argument. Prints what was seen as JSON."""
import json
import sys

import boto3
from botocore.exceptions import ClientError

endpoint = sys.argv[1]


def client(name, **credentials):
    return boto3.client(name, endpoint_url=endpoint, **credentials)


def refused(call, **arguments):
    try:
        call(**arguments)
        return "let in"
    except ClientError as error:
        return error.response["Error"]["Code"]


iam = client("iam")
for at in range(5):
    iam.create_user(UserName=f"user-{at}", Path="/crowd/", Tags=[{"Key": "at", "Value": str(at)}])
iam.get_waiter("user_exists").wait(UserName="user-0")
pages = iam.get_paginator("list_users").paginate(PathPrefix="/crowd/", PaginationConfig={"PageSize": 2})
iam.create_group(GroupName="readers")
iam.put_group_policy(
    GroupName="readers",
    PolicyName="read",
    PolicyDocument=json.dumps(
        {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "iam:GetUser", "Resource": "*"}}
    ),
)
key = iam.create_access_key(UserName="user-0")["AccessKey"]
own = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
before = refused(client("iam", **own).get_user, UserName="user-1")
iam.add_user_to_group(GroupName="readers", UserName="user-0")
after = refused(client("iam", **own).get_user, UserName="user-1")
role = iam.create_role(
    RoleName="reader",
    AssumeRolePolicyDocument=json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": {
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::000000000000:user/crowd/user-0"},
                "Action": "sts:AssumeRole",
            },
        }
    ),
)["Role"]
iam.get_waiter("role_exists").wait(RoleName="reader")
session = client("sts", **own).assume_role(RoleArn=role["Arn"], RoleSessionName="boto")["Credentials"]
print(
    json.dumps(
        {
            "pages": [[user["UserName"] for user in page["Users"]] for page in pages],
            "tags": iam.get_user(UserName="user-3")["User"]["Tags"],
            "beforeGroup": before,
            "afterGroup": after,
            "trust": role["AssumeRolePolicyDocument"]["Statement"]["Principal"],
            "details": sorted(
                each["UserName"]
                for each in iam.get_account_authorization_details(Filter=["User"])["UserDetailList"]
            ),
            "summary": iam.get_account_summary()["SummaryMap"]["Users"],
            "wrongSecret": refused(
                client("sts", **{**own, "aws_secret_access_key": "x" * 40}).get_caller_identity
            ),
            "unknownKey": refused(
                client("sts", aws_access_key_id="AKIAUNKNOWN", aws_secret_access_key="x").get_caller_identity
            ),
            "missingToken": refused(
                client(
                    "sts",
                    aws_access_key_id=session["AccessKeyId"],
                    aws_secret_access_key=session["SecretAccessKey"],
                ).get_caller_identity
            ),
            "credentials": session | {"Expiration": session["Expiration"].isoformat()},
        }
    )
)
