"""Random S3 requests signed by botocore, one JSON object a line.

    python3 botocore_requests.py SEED COUNT
"""

import datetime
import json
import random
import sys
from urllib.parse import quote, urlsplit

try:
    import botocore.auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
except ImportError:
    sys.exit("this test needs botocore: `pip install botocore`")

METHODS = ["GET", "HEAD", "PUT", "POST", "DELETE"]
HOSTS = [
    "https://s3.waw3-1.example.com",
    "https://media.s3.example.com",
    "https://s3.example.com:443",
    "http://127.0.0.1:9000",
    "http://s3.example.com:80",
]
REGIONS = ["waw3-1", "us-east-1", "eu_west.2"]
ODD = "abzABZ019 -_.~/%+=&?#:;@!$'()*,[]{}|\\^`\"<>ąłż日本語🗝"
HEADERS = ["Content-Type", "Range", "If-None-Match", "x-amz-meta-a", "x-amz-meta-b", "X-Amz-Acl", "User-Agent"]
FLAGS = ["acl", "uploads", "versioning", "prefix", "Prefix", "list-type", "marker", "x-id"]


def main(seed, count):
    rng = random.Random(seed)
    for _ in range(count):
        print(json.dumps(signed_request(rng)))


def signed_request(rng):
    signed_at = datetime.datetime(2026, 1, 1) + datetime.timedelta(seconds=rng.randrange(366 * 86400))
    botocore.auth.get_current_datetime = lambda remove_tzinfo=True: signed_at
    credentials = Credentials("NQAK" + text(rng, "ABCDEFGH234567", 16, 16), text(rng, ODD, 1, 80))
    region = rng.choice(REGIONS)
    request = unsigned_request(rng)

    if rng.random() < 0.5:
        signer = botocore.auth.S3SigV4Auth(credentials, "s3", region)
        request.data = text(rng, ODD, 0, 9).encode()
        age = rng.randint(-900, 900)
    else:
        expires = rng.randint(1, 604800)
        signer = botocore.auth.S3SigV4QueryAuth(credentials, "s3", region, expires=expires)
        age = rng.randint(-900, expires)
    signer.add_auth(request)

    parts = urlsplit(request.url)
    return {
        "method": request.method,
        "target": parts.path + ("?" + parts.query if parts.query else ""),
        "headers": [("Host", host(parts))] + list(request.headers.items()),
        "secret": credentials.secret_key,
        "region": region,
        "now": (signed_at + datetime.timedelta(seconds=age)).isoformat() + "Z",
    }


def unsigned_request(rng):
    query = "&".join(parameter(rng) for _ in range(rng.choice([0, 0, 1, 2, 4])))
    path = quote("/" + text(rng, ODD, 0, 24), safe="/~")
    url = rng.choice(HOSTS) + path + ("?" + query if query else "")
    request = AWSRequest(method=rng.choice(METHODS), url=url)
    request.context["payload_signing_enabled"] = rng.random() < 0.5
    if rng.random() < 0.2:
        request.context["checksum"] = {"request_algorithm": {"in": "trailer", "name": "x-amz-checksum-crc32"}}
    for _ in range(rng.choice([0, 1, 2, 5])):
        value = text(rng, "abcXYZ019   ,;:=/\"'ż", 0, 20)
        request.headers.add_header(rng.choice(HEADERS), value)
    return request


def parameter(rng):
    name = rng.choice(FLAGS) if rng.random() < 0.7 else text(rng, ODD, 1, 6)
    return quote(name, safe="-_.~") + "=" + quote(text(rng, ODD, 0, 12), safe="-_.~")


def host(parts):
    default = {"http": 80, "https": 443}[parts.scheme]
    return parts.hostname if parts.port in (None, default) else f"{parts.hostname}:{parts.port}"


def text(rng, alphabet, shortest, longest):
    return "".join(rng.choice(alphabet) for _ in range(rng.randint(shortest, longest)))


main(int(sys.argv[1]), int(sys.argv[2]))
