"""What a customer does with an S3 key, by boto3: `s3_life.py PART ENDPOINT REGION`, the key in the environment.

Parts: `all`, `objects` (put, get, head, delete, by header and by URL), `reading` (what a key that may only read can do with what
`objects` has left), `refused` (nothing at all), `halves` (what a plain directory must not take for a plain upload).
"""

import base64
import hashlib
import sys
import urllib.error
import urllib.request

import boto3
from botocore.client import Config
from botocore.exceptions import ClientError

BODY = b"0123456789" * 1000
PART_SIZE = 5 * 1024 * 1024


def main():
    part, endpoint, region = sys.argv[1:]
    config = Config(
        signature_version="s3v4",
        s3={"addressing_style": "path"},
        # Whoever refuses an upload may hang up on it, and an SDK tries again then; a refusal itself is never tried again.
        retries={"total_max_attempts": 3 if part in ("reading", "refused") else 1},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    s3 = boto3.client("s3", endpoint_url=endpoint, region_name=region, config=config)
    s3.meta.events.register("before-call.s3.DeleteObjects", with_md5)
    parts = {"all": everything, "objects": objects, "reading": reading, "refused": refused, "halves": halves}
    parts[part](s3)
    print("done")


def with_md5(params, **_):
    """What gateways of some age insist on, and boto3 of today sends no more."""
    digest = hashlib.md5(params["body"]).digest()
    params["headers"]["Content-MD5"] = base64.b64encode(digest).decode()


def everything(s3):
    s3.create_bucket(Bucket="media")
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == ["media"]
    objects(s3)
    s3.copy_object(Bucket="media", Key="b", CopySource={"Bucket": "media", "Key": "kept/a b+c.txt"})
    listed = s3.list_objects_v2(Bucket="media", Prefix="kept/")["Contents"]
    assert [found["Key"] for found in listed] == ["kept/a b+c.txt"], listed
    upload = s3.create_multipart_upload(Bucket="media", Key="large")["UploadId"]
    parts = []
    for number in (1, 2):
        body = bytes([number]) * PART_SIZE
        sent = s3.upload_part(Bucket="media", Key="large", UploadId=upload, PartNumber=number, Body=body)
        parts.append({"PartNumber": number, "ETag": sent["ETag"]})
    s3.complete_multipart_upload(Bucket="media", Key="large", UploadId=upload, MultipartUpload={"Parts": parts})
    assert s3.head_object(Bucket="media", Key="large")["ContentLength"] == 2 * PART_SIZE
    gone = s3.delete_objects(Bucket="media", Delete={"Objects": [{"Key": "large"}, {"Key": "b"}]})
    assert not gone.get("Errors"), gone


def objects(s3):
    for key in ("kept/a b+c.txt", "gone/ü.txt"):
        s3.put_object(Bucket="media", Key=key, Body=BODY)
        assert s3.get_object(Bucket="media", Key=key)["Body"].read() == BODY
        assert s3.head_object(Bucket="media", Key=key)["ContentLength"] == len(BODY)
        named = {"Bucket": "media", "Key": key}
        url = s3.generate_presigned_url("get_object", Params=named, ExpiresIn=60)
        assert urllib.request.urlopen(url).read() == BODY
        assert status(url.replace("X-Amz-Expires=60", "X-Amz-Expires=61")) == 403, "a URL that was changed"
    s3.delete_object(Bucket="media", Key="gone/ü.txt")
    assert code(lambda: s3.head_object(Bucket="media", Key="gone/ü.txt")) == "404"


def reading(s3):
    kept = {"Bucket": "media", "Key": "kept/a b+c.txt"}
    assert s3.get_object(**kept)["Body"].read() == BODY
    assert code(lambda: s3.put_object(**kept, Body=b"")) == "AccessDenied"
    assert code(lambda: s3.delete_object(**kept)) == "AccessDenied"
    assert s3.get_object(**kept)["Body"].read() == BODY


def refused(s3):
    for attempt in (
        lambda: s3.put_object(Bucket="media", Key="x", Body=BODY),
        lambda: s3.get_object(Bucket="media", Key="kept/a b+c.txt"),
    ):
        print(code(attempt))


def halves(s3):
    kept = {"Bucket": "media", "Key": "kept/a b+c.txt"}
    for attempt in (
        lambda: s3.copy_object(**kept, CopySource={"Bucket": "media", "Key": "other"}),
        lambda: s3.put_object_acl(**kept, ACL="private"),
        lambda: s3.put_object_tagging(**kept, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]}),
        lambda: s3.create_multipart_upload(**kept),
        lambda: s3.upload_part(**kept, UploadId="1", PartNumber=1, Body=b"part"),
        lambda: s3.put_object(**kept, Body=b"5\r\nhello\r\n0\r\n\r\n", ContentEncoding="aws-chunked"),
    ):
        assert code(attempt) in ("NotImplemented", "501"), code(attempt)
    assert s3.get_object(**kept)["Body"].read() == BODY


def code(attempt):
    try:
        attempt()
    except ClientError as error:
        return error.response["Error"]["Code"]
    raise AssertionError("it was let in")


def status(url):
    try:
        return urllib.request.urlopen(url).status
    except urllib.error.HTTPError as error:
        return error.code


main()
