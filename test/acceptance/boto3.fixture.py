"""Creates, deploys and reads back an API with boto3; the endpoint is the first argument, the source policy the second."""
import json
import sys

import boto3
from botocore.exceptions import ClientError

endpoint, policy = sys.argv[1:]
apigateway = boto3.client("apigateway", endpoint_url=endpoint)

api = apigateway.create_rest_api(name="from-boto3", policy=policy, tags={"team": "gate"})["id"]
root = apigateway.get_resources(restApiId=api)["items"][0]["id"]
pets = apigateway.create_resource(restApiId=api, parentId=root, pathPart="pets")["id"]
method = {"restApiId": api, "resourceId": pets, "httpMethod": "GET"}
apigateway.put_method(**method, authorizationType="NONE")
apigateway.put_integration(
    **method, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'}
)
apigateway.put_method_response(**method, statusCode="200")
apigateway.put_integration_response(
    **method, statusCode="200", responseTemplates={"application/json": '["cat"]'}
)
apigateway.create_deployment(restApiId=api, stageName="v1")
stored = apigateway.get_rest_api(restApiId=api)
names = [
    each["name"]
    for page in apigateway.get_paginator("get_rest_apis").paginate(PaginationConfig={"PageSize": 1})
    for each in page["items"]
]
try:
    apigateway.get_rest_api(restApiId="absent0000")
    missing = None
except ClientError as error:
    missing = [error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]]
export = apigateway.get_export(restApiId=api, stageName="v1", exportType="oas30")["body"].read()
print(
    json.dumps(
        {
            "api": api,
            "tags": stored["tags"],
            "names": names,
            "missing": missing,
            "paths": sorted(json.loads(export)["paths"]),
        }
    )
)
