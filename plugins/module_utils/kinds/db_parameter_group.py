# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""DB parameter groups, called ``<region_name>-<part>``: how an engine is set, of one family of versions.

https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithParamGroups.html: a dynamic parameter takes hold
at once, a static one when its instance is restarted.
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Patience, each
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError, InputError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Kind, Want
from ansible_collections.cloister.aws.plugins.module_utils._owner import tag_list
from ansible_collections.cloister.aws.plugins.module_utils._rds import (
    Raw,
    aws_name,
    described,
    plain,
    retag,
    tags_of,
)

GONE = "DBParameterGroupNotFound"
DESCRIPTION = "Made by Cloister"
MOST_AT_ONCE = 20
_HELD = Patience(frozenset({"InvalidDBParameterGroupState"}), seconds=900)
_ANOTHER = "another version has another group; give the instance the version of that family"


class DbParameterGroup(Kind):
    """A DB parameter group; its id is its ARN.

    Fields: ``family``, ``parameters`` (those that are set, by name, in the form of `_rds.plain`).
    """

    noun = "DB parameter group"
    made_by = "database"
    rank = 45
    immutable: t.ClassVar[t.Mapping[str, str]] = {"family": _ANOTHER}

    def find(self) -> list[Found]:
        """Return ours, by name and tags, with the parameters that are set in them."""
        raws = self.aws.pages("rds", "describe_db_parameter_groups", "DBParameterGroups")
        ours = [raw for raw in raws if raw["DBParameterGroupName"].startswith(f"{self.owner.region}-")]
        found = each(
            lambda raw: Found(raw["DBParameterGroupArn"], tags_of(self.aws, raw["DBParameterGroupArn"], GONE), raw),
            ours,
        )
        return each(self._with_parameters, [item for item in found if self.owner.owns(item.tags)])

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return its family and what is set in it."""
        set_in_it = {one["ParameterName"]: plain(one.get("ParameterValue", "")) for one in found.raw["set"]}
        return {"family": found.raw["DBParameterGroupFamily"], "parameters": set_in_it}

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Make it, tagged; what is set comes next."""
        raw = self.aws.make(
            "rds",
            "create_db_parameter_group",
            DBParameterGroupName=aws_name(self.owner, want.part),
            DBParameterGroupFamily=want.fields["family"],
            Description=DESCRIPTION,
            Tags=tag_list(tags),
        )["DBParameterGroup"]
        return Found(raw["DBParameterGroupArn"], tags, {**raw, "set": []})

    def complete(self, found: Found, want: Want) -> None:
        """Set what is to be set."""
        if want.fields["parameters"]:
            self.update(found, want, ("parameters",))

    def update(self, found: Found, want: Want, changed: t.Collection[str]) -> None:
        """Set what differs, and give back to the engine what is not listed any more."""
        known, have = self._known(want.fields["family"]), self.fields(found)["parameters"]
        wanted = want.fields["parameters"]
        given = [
            {"ParameterName": name, "ParameterValue": _spelt(value, known[name]), "ApplyMethod": _method(known[name])}
            for name, value in sorted(wanted.items())
            if have.get(name) != value
        ]
        back = [
            {"ParameterName": name, "ApplyMethod": _method(known.get(name, {}))}
            for name in sorted(set(have) - set(wanted))
        ]
        for action, rows in (("modify_db_parameter_group", given), ("reset_db_parameter_group", back)):
            for start in range(0, len(rows), MOST_AT_ONCE):
                self._send(action, found.raw["DBParameterGroupName"], rows[start : start + MOST_AT_ONCE])

    def vet(self, want: Want, found: Found | None) -> None:
        """Refuse parameters that the family does not have, or does not take so."""
        if not want.fields["parameters"]:
            return
        known = self._known(want.fields["family"])
        for name, value in want.fields["parameters"].items():
            if name not in known or not known[name].get("IsModifiable", True):
                raise InputError(
                    f"{want.fields['family']} has no parameter {name} that can be set; "
                    "aws rds describe-engine-default-parameters lists those that it has"
                )
            allowed = known[name].get("AllowedValues", "")
            choices = allowed.split(",")
            given = {plain(one) for one in value.split(",")}
            if len(choices) > 1 and "-" not in allowed and not given <= set(map(plain, choices)):
                raise InputError(f"parameter {name} is {value!r}, and {want.fields['family']} takes one of {allowed}")

    def retag(self, found: Found, tags: t.Mapping[str, str]) -> None:
        """Set these tags, leaving others alone."""
        retag(self.aws, found.id, tags)

    def delete(self, found: Found) -> None:
        """Delete it, once no instance has it."""
        name = found.raw["DBParameterGroupName"]
        try:
            self.aws.call("rds", "delete_db_parameter_group", patience=_HELD, DBParameterGroupName=name)
        except ApiError as exc:
            if exc.code != GONE:
                raise

    def foreign(self, want: Want) -> str | None:
        """Return the group of that name when it is not ours."""
        name = aws_name(self.owner, want.part)
        raw = described(self.aws, "describe_db_parameter_groups", "DBParameterGroups", GONE, DBParameterGroupName=name)
        if raw is None or self.owner.owns(tags_of(self.aws, raw["DBParameterGroupArn"], GONE)):
            return None
        return str(raw["DBParameterGroupArn"])

    def _with_parameters(self, found: Found) -> Found:
        name = found.raw["DBParameterGroupName"]
        said = {"DBParameterGroupName": name, "Source": "user"}
        return Found(
            found.id,
            found.tags,
            {**found.raw, "set": self.aws.pages("rds", "describe_db_parameters", "Parameters", **said)},
        )

    def _known(self, family: str) -> dict[str, Raw]:
        """Return the parameters of a family by name; hundreds, so they are read only where something is set."""
        rows: list[Raw] = []
        more: dict[str, str] = {}
        while True:
            said: dict[str, t.Any] = {"DBParameterGroupFamily": family, **more}
            page = self.aws.call("rds", "describe_engine_default_parameters", **said)["EngineDefaults"]
            rows += page.get("Parameters", [])
            if not page.get("Marker"):
                return {row["ParameterName"]: row for row in rows}
            more = {"Marker": page["Marker"]}

    def _send(self, action: str, name: str, rows: list[dict[str, str]]) -> None:
        """Change parameters; a group that was made a moment ago may not be seen yet."""
        late = Patience(frozenset({GONE, "InvalidDBParameterGroupState"}), seconds=60)
        self.aws.call("rds", action, patience=late, DBParameterGroupName=name, Parameters=rows)


def _method(known: Raw) -> str:
    return "immediate" if known.get("ApplyType") == "dynamic" else "pending-reboot"


def _spelt(value: str, known: Raw) -> str:
    """Return a value as the engine spells it: some take 0 and 1, some OFF and ON."""
    return next((one for one in known.get("AllowedValues", "").split(",") if plain(one) == value), value)


def want(part: str, family: str, parameters: t.Mapping[str, t.Any]) -> Want:
    """Return the wish for the parameters of an instance."""
    return Want(part, {"family": family, "parameters": {name: plain(value) for name, value in parameters.items()}})
