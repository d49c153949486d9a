"""boto3, the AWS CLI and rclone against the example: what works, and how they are refused."""

import base64
import concurrent.futures
import datetime
import hashlib
import hmac
import io
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
import zlib

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

ENDPOINT, LOST, KEYS, TOKEN, REGION = sys.argv[1:]
LARGE = os.urandom(11 << 20)


def keyreeve(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    request = urllib.request.Request(KEYS + path, data, headers, method=method)
    with urllib.request.urlopen(request) as answer:
        return answer.status, json.load(answer)


class Key:
    def __init__(self, **fields):
        self.take(keyreeve("POST", "", {"region": REGION, "label": "test", **fields})[1])

    def take(self, made):
        self.path = "/" + made["key"]["id"]
        self.id, self.secret = made["key"]["access_key_id"], made["secret_access_key"]

    def revoke(self):
        status, said = keyreeve("POST", self.path + "/revoke")
        assert (status, said["receipt"]["state"]) == (200, "confirmed"), said

    def reset(self):
        self.take(keyreeve("POST", self.path + "/reset")[1])


def client(id, secret, endpoint=ENDPOINT, region=REGION):
    config = Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1})
    return boto3.client("s3", endpoint_url=endpoint, aws_access_key_id=id, aws_secret_access_key=secret,
                        region_name=region, config=config)


def of(key):
    return client(key.id, key.secret)


def refused(code, status, call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        said = error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
        assert said == (code, status), (said, code, status)
    else:
        raise AssertionError(f"not refused with {code}")


def read(url, method="GET", data=None, headers={}):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, headers, method=method)) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def a_client_of_the_sdk(key):
    s3 = of(key)
    s3.create_bucket(Bucket="media")
    assert "media" in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
    odd = "odd/ä b+c&d=e~(1)*'.txt"
    for name in ["photos/1", "photos/2", "films/1", odd]:
        s3.put_object(Bucket="media", Key=name, Body=name.encode())
        assert s3.get_object(Bucket="media", Key=name)["Body"].read() == name.encode()
    assert s3.head_object(Bucket="media", Key="photos/1")["ContentLength"] == 8
    listed = s3.list_objects_v2(Bucket="media", Prefix="photos/")["Contents"]
    assert [item["Key"] for item in listed] == ["photos/1", "photos/2"], listed
    parts = TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20)
    s3.upload_fileobj(io.BytesIO(LARGE), "media", "large", Config=parts)
    back = io.BytesIO()
    s3.download_fileobj("media", "large", back)
    assert back.getvalue() == LARGE
    s3.copy_object(Bucket="media", Key="copy", CopySource={"Bucket": "media", "Key": "photos/1"})
    assert s3.get_object(Bucket="media", Key="copy")["Body"].read() == b"photos/1"

    sign = lambda method, name, **more: s3.generate_presigned_url(method, Params={"Bucket": "media", "Key": name}, **more)
    assert read(sign("get_object", odd)) == (200, odd.encode())
    assert read(sign("put_object", "presigned"), "PUT", b"by URL")[0] == 200
    assert s3.get_object(Bucket="media", Key="presigned")["Body"].read() == b"by URL"
    status, said = read(sign("get_object", odd).replace("odd", "even"))
    assert status == 403 and b"SignatureDoesNotMatch" in said, said

    s3.delete_objects(Bucket="media", Delete={"Objects": [{"Key": "copy"}, {"Key": "presigned"}]})
    s3.delete_object(Bucket="media", Key="large")
    s3.delete_object(Bucket="media", Key=odd)
    left = [item["Key"] for item in s3.list_objects_v2(Bucket="media")["Contents"]]
    assert left == ["films/1", "photos/1", "photos/2"], left


def bodies_in_chunks(key):
    chunked(key, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", True)
    assert of(key).get_object(Bucket="media", Key="chunked")["Body"].read() == b"x" * 70000 + b"y"
    chunked(key, "STREAMING-UNSIGNED-PAYLOAD-TRAILER", False)
    status, said = chunked(key, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", True, forged=True, may_fail=True)
    assert status >= 400, said


def chunked(key, mode, is_signed, forged=False, may_fail=False):
    """An upload in chunks, signed by hand, since the clients here send none in plain HTTP."""
    if forged:
        key = type("Forger", (), {"id": key.id, "secret": "x" * 40})
    chunks = [b"x" * 70000, b"y", b""]
    now = datetime.datetime.now(datetime.timezone.utc)
    time, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
    scope = f"{day}/{REGION}/s3/aws4_request"
    digest = lambda data: hashlib.sha256(data).hexdigest()
    signing = ("AWS4" + key.secret).encode()
    for part in [day, REGION, "s3", "aws4_request"]:
        signing = hmac.digest(signing, part.encode(), "sha256")
    sign = lambda text: hmac.digest(signing, text.encode(), "sha256").hex()
    headers = {"host": ENDPOINT.split("//")[1], "x-amz-content-sha256": mode, "x-amz-date": time,
               "x-amz-decoded-content-length": str(sum(map(len, chunks)))}
    if not is_signed:
        headers["x-amz-trailer"] = "x-amz-checksum-crc32"
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    canonical = f"PUT\n/media/chunked\n\n{lines}\n{names}\n{mode}"
    signature = sign(f"AWS4-HMAC-SHA256\n{time}\n{scope}\n{digest(canonical.encode())}")
    headers["authorization"] = f"AWS4-HMAC-SHA256 Credential={key.id}/{scope}, SignedHeaders={names}, Signature={signature}"
    body = b""
    for chunk in chunks:
        if is_signed:
            signature = sign(f"AWS4-HMAC-SHA256-PAYLOAD\n{time}\n{scope}\n{signature}\n{digest(b'')}\n{digest(chunk)}")
            body += f"{len(chunk):x};chunk-signature={signature}\r\n".encode() + chunk + b"\r\n"
        elif chunk:
            body += f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n"
        else:
            body += b"0\r\n" + crc32_line(b"".join(chunks)) + b"\r\n\r\n"
    answer = read(ENDPOINT + "/media/chunked", "PUT", body, headers)
    assert may_fail or answer[0] == 200, answer
    return answer


def crc32_line(data):
    return b"x-amz-checksum-crc32:" + base64.b64encode(zlib.crc32(data).to_bytes(4, "big"))


def who_is_refused_and_how(key):
    stranger = "NQAK" + "7" * 16
    refused("SignatureDoesNotMatch", 403, client(key.id, "wrong" * 8).list_buckets)
    refused("InvalidAccessKeyId", 403, client("AKIAIOSFODNN7EXAMPLE", key.secret).list_buckets)
    refused("InvalidAccessKeyId", 403, client(stranger, key.secret).list_buckets)
    lost = client(key.id, key.secret, region="fra1")
    refused("AuthorizationHeaderMalformed", 400, lost.list_buckets)
    # Where a bucket is named, the SDK takes the region out of the refusal and signs anew.
    assert lost.get_object(Bucket="media", Key="photos/1")["Body"].read() == b"photos/1"
    refused("ServiceUnavailable", 503, client(key.id, key.secret, endpoint=LOST).list_buckets)
    assert read(ENDPOINT + "/media/photos/1")[0] == 403, "nobody gets in without a signature"


def scopes(key):
    of(key).create_bucket(Bucket="other")
    of(key).put_object(Bucket="other", Key="secret", Body=b"")
    narrow = Key(buckets={"access": "specific", "names": ["media"]}, prefixes=["photos/"], permissions=["read", "list", "write"])
    s3 = of(narrow)
    assert s3.get_object(Bucket="media", Key="photos/1")["Body"].read() == b"photos/1"
    assert len(s3.list_objects_v2(Bucket="media", Prefix="photos/")["Contents"]) == 2
    s3.put_object(Bucket="media", Key="photos/3", Body=b"")
    for call, arguments in [
        (s3.get_object, {"Bucket": "other", "Key": "secret"}),
        (s3.get_object, {"Bucket": "other", "Key": "photos/1"}),
        (s3.list_objects_v2, {"Bucket": "other"}),
        (s3.list_buckets, {}),
        (s3.get_object, {"Bucket": "media", "Key": "films/1"}),
        (s3.list_objects_v2, {"Bucket": "media"}),
        (s3.list_objects, {"Bucket": "media", "Prefix": "films/"}),
        (s3.put_object, {"Bucket": "media", "Key": "films/2", "Body": b""}),
        (s3.delete_object, {"Bucket": "media", "Key": "photos/1"}),
        (s3.delete_objects, {"Bucket": "media", "Delete": {"Objects": [{"Key": "photos/1"}]}}),
        (s3.copy_object, {"Bucket": "media", "Key": "photos/4", "CopySource": {"Bucket": "other", "Key": "secret"}}),
        (s3.copy_object, {"Bucket": "media", "Key": "photos/4", "CopySource": {"Bucket": "media", "Key": "films/1"}}),
        (s3.create_bucket, {"Bucket": "third"}),
    ]:
        refused("AccessDenied", 403, call, **arguments)
    deleter = of(Key(buckets={"access": "specific", "names": ["media"]}, prefixes=["photos/"]))
    refused("AccessDenied", 403, deleter.delete_objects, Bucket="media", Delete={"Objects": [{"Key": "photos/3"}, {"Key": "films/1"}]})
    deleter.delete_objects(Bucket="media", Delete={"Objects": [{"Key": "photos/3"}]})
    away = of(Key(allowed_addresses=["203.0.113.0/24"]))
    refused("AccessDenied", 403, away.get_object, Bucket="media", Key="photos/1")


def what_ends():
    revoked = Key()
    of(revoked).get_object(Bucket="media", Key="photos/1")
    url = of(revoked).generate_presigned_url("get_object", Params={"Bucket": "media", "Key": "photos/1"})
    assert read(url)[0] == 200
    revoked.revoke()
    refused("InvalidAccessKeyId", 403, of(revoked).get_object, Bucket="media", Key="photos/1")
    status, said = read(url)
    assert status == 403 and b"InvalidAccessKeyId" in said, said

    reset = Key()
    old = of(reset)
    old.get_object(Bucket="media", Key="photos/1")
    reset.reset()
    of(reset).get_object(Bucket="media", Key="photos/1")
    refused("InvalidAccessKeyId", 403, old.get_object, Bucket="media", Key="photos/1")


def run(*command, key, code=0, **environment):
    environment = {"PATH": os.environ["PATH"], "HOME": os.getcwd(), "AWS_ACCESS_KEY_ID": key.id, "AWS_SECRET_ACCESS_KEY": key.secret,
                   "AWS_DEFAULT_REGION": REGION, "AWS_EC2_METADATA_DISABLED": "true", "AWS_MAX_ATTEMPTS": "1", **environment}
    said = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert said.returncode == code, (command, said.returncode, said.stdout, said.stderr)
    return said.stdout + said.stderr


def the_aws_cli(key):
    aws = lambda *command, key=key, code=0: run("aws", "--endpoint-url", ENDPOINT, *command, key=key, code=code)
    with open("large", "wb") as file:
        file.write(LARGE)
    aws("s3", "mb", "s3://cli")
    aws("s3", "cp", "large", "s3://cli/a/large")
    assert "large" in aws("s3", "ls", "s3://cli/a/")
    assert read(aws("s3", "presign", "s3://cli/a/large").strip()) == (200, LARGE)
    aws("s3", "rb", "--force", "s3://cli")
    forger = type("Forger", (), {"id": key.id, "secret": "x" * 40})
    assert "SignatureDoesNotMatch" in aws("s3api", "list-buckets", key=forger, code=255)


def rclone(key):
    options = {"RCLONE_CONFIG_K_TYPE": "s3", "RCLONE_CONFIG_K_PROVIDER": "Other", "RCLONE_CONFIG_K_ENDPOINT": ENDPOINT,
               "RCLONE_CONFIG_K_REGION": REGION, "RCLONE_CONFIG_K_ENV_AUTH": "true", "RCLONE_S3_CHUNK_SIZE": "5M",
               "RCLONE_S3_UPLOAD_CUTOFF": "5M", "RCLONE_RETRIES": "1", "RCLONE_LOW_LEVEL_RETRIES": "1", "RCLONE_CONFIG": "/dev/null"}
    with open("for-rclone", "wb") as file:
        file.write(LARGE)
    rclone = lambda *command, key=key, code=0: run("rclone", *command, key=key, code=code, **options)
    rclone("mkdir", "k:clone")
    rclone("copyto", "for-rclone", "k:clone/b/large")
    assert "large" in rclone("lsf", "k:clone/b")
    rclone("copyto", "k:clone/b/large", "back")
    with open("back", "rb") as file:
        assert file.read() == LARGE
    rclone("deletefile", "k:clone/b/large")
    rclone("rmdir", "k:clone")
    forger = type("Forger", (), {"id": key.id, "secret": "x" * 40})
    assert "SignatureDoesNotMatch" in rclone("lsd", "k:", key=forger, code=1)


def main():
    key = Key()
    with concurrent.futures.ThreadPoolExecutor() as pool:
        beside = [pool.submit(the_aws_cli, key), pool.submit(rclone, key)]
        a_client_of_the_sdk(key)
        bodies_in_chunks(key)
        who_is_refused_and_how(key)
        scopes(key)
        what_ends()
        for done in beside:
            done.result()


main()
