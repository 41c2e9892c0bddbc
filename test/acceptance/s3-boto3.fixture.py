"""What boto3 does with S3: parts, versions, copies, batches, presigned URLs, tags. Prints what it saw as JSON."""
import json
import sys
import urllib.request

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.client import Config
from botocore.exceptions import ClientError

endpoint = sys.argv[1]
s3 = boto3.client("s3", endpoint_url=endpoint, config=Config(signature_version="s3v4", s3={"addressing_style": "path"}))
seen = {}
s3.create_bucket(Bucket="boto")

body = bytes(range(256)) * 50_000
parts = TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20, max_concurrency=4)
with open(sys.argv[2], "wb") as file:
    file.write(body)
s3.upload_file(sys.argv[2], "boto", "parts", Config=parts, ExtraArgs={"Metadata": {"made": "in parts"}})
head = s3.head_object(Bucket="boto", Key="parts")
seen["parts"] = [head["ContentLength"], head["ETag"][-3:-1], head["Metadata"]]
s3.download_file("boto", "parts", sys.argv[2], Config=parts)
with open(sys.argv[2], "rb") as file:
    seen["same"] = file.read() == body
second = s3.get_object(Bucket="boto", Key="parts", PartNumber=2)
seen["second"] = [second["ContentLength"], second["PartsCount"], second["ContentRange"]]
seen["across"] = s3.get_object(Bucket="boto", Key="parts", Range="bytes=5242870-5242889")["Body"].read() == body[5242870:5242890]

upload = s3.create_multipart_upload(Bucket="boto", Key="small")["UploadId"]
etags = [s3.upload_part(Bucket="boto", Key="small", UploadId=upload, PartNumber=n, Body=b"x")["ETag"] for n in (1, 2)]


def refusal(call, **kwargs):
    try:
        call(**kwargs)
    except ClientError as error:
        return error.response["Error"]["Code"]


def listed(*numbers):
    return {"Parts": [{"PartNumber": n, "ETag": etags[n - 1]} for n in numbers]}


complete = dict(Bucket="boto", Key="small", UploadId=upload)
seen["refusals"] = [
    refusal(s3.complete_multipart_upload, **complete, MultipartUpload=listed(1, 2)),
    refusal(s3.complete_multipart_upload, **complete, MultipartUpload=listed(2, 1)),
    refusal(s3.complete_multipart_upload, **complete, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": "0" * 32}]}),
]
seen["under way"] = [u["Key"] for u in s3.list_multipart_uploads(Bucket="boto")["Uploads"]]
seen["its parts"] = [p["Size"] for p in s3.list_parts(Bucket="boto", Key="small", UploadId=upload)["Parts"]]
s3.abort_multipart_upload(Bucket="boto", Key="small", UploadId=upload)
seen["given up"] = refusal(s3.list_parts, Bucket="boto", Key="small", UploadId=upload)

upload = s3.create_multipart_upload(Bucket="boto", Key="sums", ChecksumAlgorithm="SHA256")["UploadId"]
complete = dict(Bucket="boto", Key="sums", UploadId=upload)
part = s3.upload_part(**complete, PartNumber=1, Body=b"x", ChecksumAlgorithm="SHA256")
named = {"PartNumber": 1, "ETag": part["ETag"]}
seen["without its sum"] = refusal(s3.complete_multipart_upload, **complete, MultipartUpload={"Parts": [named]})
named["ChecksumSHA256"] = part["ChecksumSHA256"]
seen["of sums"] = s3.complete_multipart_upload(**complete, MultipartUpload={"Parts": [named]})["ChecksumSHA256"][-2:]

s3.copy_object(Bucket="boto", Key="copy", CopySource={"Bucket": "boto", "Key": "parts"})
seen["copy"] = [s3.head_object(Bucket="boto", Key="copy")[k] for k in ("ContentLength", "Metadata")]
seen["to itself"] = refusal(s3.copy_object, Bucket="boto", Key="copy", CopySource="boto/copy")

s3.put_bucket_versioning(Bucket="boto", VersioningConfiguration={"Status": "Enabled"})
versions = [s3.put_object(Bucket="boto", Key="v", Body=str(n))["VersionId"] for n in range(3)]
s3.delete_object(Bucket="boto", Key="v")
seen["hidden"] = refusal(s3.get_object, Bucket="boto", Key="v")
seen["first"] = s3.get_object(Bucket="boto", Key="v", VersionId=versions[0])["Body"].read().decode()
page = s3.list_object_versions(Bucket="boto", Prefix="v")
seen["versions"] = [v["VersionId"] == w for v, w in zip(page["Versions"], reversed(versions))]
s3.delete_object(Bucket="boto", Key="v", VersionId=page["DeleteMarkers"][0]["VersionId"])
seen["shown again"] = s3.get_object(Bucket="boto", Key="v")["Body"].read().decode()

s3.put_object_tagging(Bucket="boto", Key="v", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
seen["tags"] = s3.get_object_tagging(Bucket="boto", Key="v")["TagSet"]

url = s3.generate_presigned_url("put_object", Params={"Bucket": "boto", "Key": "signed"}, ExpiresIn=60)
urllib.request.urlopen(urllib.request.Request(url, data=b"by url", method="PUT")).close()
url = s3.generate_presigned_url(
    "get_object",
    Params={"Bucket": "boto", "Key": "signed", "ResponseContentType": "text/x-signed"},
    ExpiresIn=60,
)
with urllib.request.urlopen(url) as answer:
    seen["signed"] = [answer.read().decode(), answer.headers["content-type"]]

keys = []
for page in s3.get_paginator("list_object_versions").paginate(Bucket="boto", PaginationConfig={"PageSize": 2}):
    for one in page.get("Versions", []) + page.get("DeleteMarkers", []):
        keys.append({"Key": one["Key"], "VersionId": one["VersionId"]})
seen["deleted"] = len(s3.delete_objects(Bucket="boto", Delete={"Objects": keys})["Deleted"]) == len(keys)
s3.delete_bucket(Bucket="boto")
print(json.dumps(seen))
