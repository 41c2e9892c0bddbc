"""A nightly rule as boto3 makes it: the rule, the function's permission for it, and the target."""
import json
import os
import sys

import boto3

options = {"endpoint_url": os.environ["AWS_ENDPOINT_URL"], "region_name": "us-east-1"}
events = boto3.client("events", **options)
functions = boto3.client("lambda", **options)

rule = events.put_rule(Name="nightly", ScheduleExpression="cron(0 0 * * ? *)")["RuleArn"]
functions.add_permission(
    FunctionName=sys.argv[1],
    StatementId="nightly",
    Action="lambda:InvokeFunction",
    Principal="events.amazonaws.com",
    SourceArn=rule,
)
put = events.put_targets(Rule="nightly", Targets=[{"Id": "reset", "Arn": sys.argv[1]}])
assert put["FailedEntryCount"] == 0, put
shown = events.describe_rule(Name="nightly")
targets = events.list_targets_by_rule(Rule="nightly")["Targets"]
print(
    json.dumps(
        {
            "rule": rule,
            "next": [
                shown["State"],
                shown["ScheduleExpression"],
                shown["EventBusName"],
                [target["Id"] for target in targets],
            ],
        }
    )
)
