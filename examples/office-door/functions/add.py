"""Lists one more address from where users may work: a new version of the policy, in force at once."""

import ipaddress
import json
import os

import boto3
from versions import (
    addresses_of,
    default_of,
    document_of,
    make_default,
    number,
    versions_of,
    with_addresses,
)

iam = boto3.client("iam")


def handler(event, _context):
    arn = os.environ["POLICY_ARN"]
    address = single_public_address(event.get("SourceIp"))
    versions = versions_of(iam, arn)
    document = document_of(iam, arn, default_of(versions))
    networks = addresses_of(document)
    if is_in(address, networks):
        return {"message": f"{address} is listed already"}
    at = max(number(each) for each in versions)
    for _ in range(10):
        networks.append(address)
        made = make_default(iam, arn, json.dumps(with_addresses(document, networks)))
        merged = with_what_came_between(arn, networks[:-1], at, made)
        if merged is None:
            return {"message": f"{address} is listed"}
        networks = [each for each in merged if each != address]
        at = made
    raise RuntimeError("the policy changes too fast")


def with_what_came_between(arn, known, after, before):
    """
    Two calls at once: the later version does not know of the earlier one. Ids are in order, so whoever comes later
    finds the earlier ones between those that were there and its own, and takes their addresses over. A version
    that has fewer is a reset, which counts.
    """
    between = sorted(
        (each for each in versions_of(iam, arn) if after < number(each) < before), key=number
    )
    for version in between:
        found = addresses_of(document_of(iam, arn, version))
        is_reset = any(each not in found for each in known)
        known = found if is_reset else known + [each for each in found if each not in known]
    return known if between else None


def single_public_address(text):
    """No range, nothing that several could call from, nothing that nobody can."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise ValueError("SourceIp is not a public address") from None
    also = [ipaddress.ip_network(each) for each in os.environ.get("ALSO_PUBLIC", "").split()]
    is_public = address.is_global and not address.is_multicast
    if "%" in text or getattr(address, "ipv4_mapped", None) is not None:
        is_public = False
    network = ipaddress.ip_network(address)
    if not is_public and not is_in(network, also):
        raise ValueError("SourceIp is not a public address")
    return network


def is_in(network, networks):
    return any(
        network.version == each.version and network.subnet_of(each) for each in networks
    )
