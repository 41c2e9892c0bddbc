"""New default versions of a managed policy, of which IAM keeps five."""

import ipaddress

KEPT = 5
TRIES = 10


def number(version):
    """`v12` is 12: ids only ever go up."""
    return int(version["VersionId"][1:])


def versions_of(iam, arn):
    return iam.list_policy_versions(PolicyArn=arn)["Versions"]


def default_of(versions):
    return next(version for version in versions if version["IsDefaultVersion"])


def document_of(iam, arn, version):
    found = iam.get_policy_version(PolicyArn=arn, VersionId=version["VersionId"])
    return found["PolicyVersion"]["Document"]


def make_default(iam, arn, text):
    """Adds a version that is in force at once; the oldest that is not makes room for it. Returns its number."""
    for _ in range(TRIES):
        versions = versions_of(iam, arn)
        if len(versions) >= KEPT:
            oldest = min((each for each in versions if not each["IsDefaultVersion"]), key=number)
            try:
                iam.delete_policy_version(PolicyArn=arn, VersionId=oldest["VersionId"])
            except (iam.exceptions.NoSuchEntityException, iam.exceptions.DeleteConflictException):
                continue  # somebody else was faster: look again
        try:
            made = iam.create_policy_version(
                PolicyArn=arn, PolicyDocument=text, SetAsDefault=True
            )
            return number(made["PolicyVersion"])
        except iam.exceptions.LimitExceededException:
            continue
    raise RuntimeError("the policy has no room for another version")


def blocks(document):
    """The conditions that list addresses."""
    statements = document["Statement"]
    for statement in statements if isinstance(statements, list) else [statements]:
        condition = statement.get("Condition", {}).get("NotIpAddress", {})
        for key in condition:
            if key.lower() == "aws:sourceip":
                yield condition, key


def addresses_of(document):
    found = []
    for condition, key in blocks(document):
        value = condition[key]
        found += value if isinstance(value, list) else [value]
    return [ipaddress.ip_network(each, strict=False) for each in found]


def with_addresses(document, networks):
    for condition, key in blocks(document):
        condition[key] = [str(each) for each in networks]
    return document
