# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Certificate authorities of our own, for names inside: a key that signs, and a certificate that nodes trust.

The key lies in the SecureString parameter ``/cloister/<region>/ca/<name>/key`` and is read only to sign, the
certificate in the plain one ``.../certificate``. Whoever has the key can speak for every inner name, so a reader of
the certificate needs no right to the key.
https://docs.aws.amazon.com/systems-manager/latest/userguide/secure-string-parameter-kms-encryption.html
"""

from __future__ import annotations

import typing as t
from collections import defaultdict
from datetime import UTC, datetime

from ansible_collections.cloister.aws.plugins.module_utils import _x509
from ansible_collections.cloister.aws.plugins.module_utils._aws import each
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError, InputError
from ansible_collections.cloister.aws.plugins.module_utils._kind import NOT_YET, Found, Kind, Want
from ansible_collections.cloister.aws.plugins.module_utils._owner import KEEP, tag_dict, tag_list

KEY, CERTIFICATE = "key", "certificate"
_SUCCESSOR = "list a second CA, let nodes trust it, name it in the certificates, then take this one off the list"


class PrivateCa(Kind):
    """A CA; its id is the path of its parameters.

    Fields: ``common_name``, ``key_algorithm``, ``permitted_domains`` and ``certificate`` (``signed``, or why not: a run
    was killed between the key and the certificate).
    """

    noun = "private CA"
    made_by = "certificates"
    rank = 75
    immutable: t.ClassVar[t.Mapping[str, str]] = {
        "common_name": _SUCCESSOR,
        "key_algorithm": _SUCCESSOR,
        "permitted_domains": _SUCCESSOR,
    }

    def find(self) -> list[Found]:
        """Return ours: the parameters under the region's path by CA, with the tags of the key, or what is left."""
        listed = self.aws.pages(
            "ssm", "get_parameters_by_path", "Parameters", Path=f"/cloister/{self.owner.region}/ca", Recursive=True
        )
        cas: dict[str, dict[str, str]] = defaultdict(dict)
        for parameter in listed:
            path, _slash, what = parameter["Name"].rpartition("/")
            cas[path][what] = parameter["Value"] if what == CERTIFICATE else "there"
        found = each(lambda item: Found(item[0], self._tags(*item), item[1]), list(cas.items()))
        return [item for item in found if self.owner.owns(item.tags)]

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return what the CA's certificate says of it."""
        if CERTIFICATE not in found.raw:
            unsigned = ("common_name", "key_algorithm", "permitted_domains")
            return {**dict.fromkeys(unsigned, NOT_YET), "certificate": "missing, as its run was killed"}
        seen = _x509.read(found.raw[CERTIFICATE])
        return {
            "common_name": seen.subject,
            "key_algorithm": seen.key_algorithm,
            "permitted_domains": sorted(seen.permitted),
            "certificate": "signed",
        }

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Make its key. It stands in memory no longer than this call."""
        path = self.path(want.part)
        self._put(path, KEY, _x509.new_key(want.fields["key_algorithm"]), "SecureString", tags)
        return Found(path, tags, {KEY: "there"})

    def complete(self, found: Found, want: Want) -> None:
        """Sign its certificate."""
        self.update(found, want, ("certificate",))

    def update(self, found: Found, want: Want, changed: t.Collection[str]) -> Found:
        """Sign the certificate that is missing, with the key as it lies there."""
        fields, tags = want.fields, self.owner.tags_for(want.part, want.tags)
        permitted = fields["permitted_domains"]
        now = datetime.now(UTC)
        text = _x509.root(self.key(found), fields["common_name"], want.create["valid_days"], permitted, now)
        self._put(found.id, CERTIFICATE, text, "String", tags)
        return Found(found.id, found.tags, {**found.raw, CERTIFICATE: text})

    def vet(self, want: Want, found: Found | None) -> None:
        """Refuse to go on with a CA whose key is gone: nobody can sign with it again."""
        if found:
            refuse_without_key(found)

    def retag(self, found: Found, tags: t.Mapping[str, str]) -> None:
        """Set these tags on both parameters, leaving others alone."""
        for what in (KEY, CERTIFICATE):
            if what in found.raw:
                self.aws.call(
                    "ssm",
                    "add_tags_to_resource",
                    ResourceType="Parameter",
                    ResourceId=f"{found.id}/{what}",
                    Tags=tag_list(tags),
                )

    def delete(self, found: Found) -> None:
        """Delete both parameters, the key last, by which it is found again after a kill."""
        for what in (CERTIFICATE, KEY):
            try:
                self.aws.call("ssm", "delete_parameter", Name=f"{found.id}/{what}")
            except ApiError as exc:
                if exc.code != "ParameterNotFound":
                    raise

    def foreign(self, want: Want) -> str | None:
        """Return a parameter that has the key's name and not our tags."""
        name = f"{self.path(want.part)}/{KEY}"
        try:
            self.aws.call("ssm", "get_parameter", Name=name)
        except ApiError as exc:
            if exc.code == "ParameterNotFound":
                return None
            raise
        return name

    def shows(self, found: Found) -> dict[str, t.Any]:
        """Return until when it can sign, and the parameter that who trusts it reads."""
        text = found.raw.get(CERTIFICATE)
        until = {"expires": f"{_x509.read(text).not_after:%Y-%m-%d}"} if text else {}
        return {"certificate_parameter": f"{found.id}/{CERTIFICATE}", **until}

    def path(self, part: str) -> str:
        """Return where the CA's parameters lie."""
        return f"/cloister/{self.owner.region}/ca/{part}"

    def key(self, found: Found) -> str:
        """Read the key, to sign with it."""
        answer = self.aws.call("ssm", "get_parameter", Name=f"{found.id}/{KEY}", WithDecryption=True)
        return str(answer["Parameter"]["Value"])

    def _put(self, path: str, what: str, value: str, kind: str, tags: t.Mapping[str, str]) -> None:
        name = f"{path}/{what}"
        try:
            self.aws.make(
                "ssm", "put_parameter", Name=name, Value=value, Type=kind, Tags=tag_list(tags), Overwrite=False
            )
        except ApiError as exc:
            # A listing shows a new parameter late: what a run made a moment ago is ours all the same.
            ours = exc.code == "ParameterAlreadyExists" and self.owner.owns(self._tags(path, {what: ""}))
            if not ours:
                raise

    def _tags(self, path: str, there: t.Mapping[str, str]) -> dict[str, str]:
        what = KEY if KEY in there else CERTIFICATE
        answer = self.aws.call(
            "ssm", "list_tags_for_resource", absent_ok=True, ResourceType="Parameter", ResourceId=f"{path}/{what}"
        )
        return tag_dict(answer["TagList"]) if answer else {}


def refuse_without_key(found: Found) -> None:
    """Raise `InputError` for a CA that somebody deleted the key of."""
    if KEY not in found.raw:
        raise InputError(
            f"private CA {found.part}: its key {found.id}/{KEY} is gone, so it can sign nothing any more. What it "
            f"signed stays valid; {_SUCCESSOR}"
        )


def want(ca: t.Mapping[str, t.Any]) -> Want:
    """Return the wish for an entry of ``certificates_private_cas``."""
    fields = {
        "common_name": ca["common_name"],
        "key_algorithm": ca["key_algorithm"],
        "permitted_domains": sorted(ca["permitted_domains"]),
        "certificate": "signed",
    }
    tags = {KEEP: "true" if ca["keep"] else "false"}
    return Want(ca["name"], fields, create={"valid_days": ca["valid_days"]}, tags=tags)
