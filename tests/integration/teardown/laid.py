"""A network of inventory us, laid in no time: teardown looks at tags and not at who made what."""

from __future__ import annotations

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, Connection

from tests.integration.playbook import Region, Run
from tests.unit.module_utils.region_of_things import Things, lay_network

PLAYBOOK = "playbooks/teardown.yml"
TYPED = ("-e", "teardown_confirm=us")
RELEASED = ("-e", "teardown_release_static_ips=true")


def lay(region: Region) -> Things:
    """Lay it and forget that this was written."""
    keys = region.lab.environment
    arguments = {
        "aws_access_key_id": keys["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": keys["AWS_SECRET_ACCESS_KEY"],
    }
    things = lay_network(Aws(Connection(region.settings["region_aws_region"], region.lab.endpoint, None, arguments)))
    region.lab.clear_journal()
    return things


def teardown(region: Region, *arguments: str) -> Run:
    """Take the region down as a person does who has typed its name."""
    return region.play(PLAYBOOK, *TYPED, *arguments)


def left(region: Region) -> list[str]:
    """Return the names of what still stands and is ours."""
    return sorted(thing["tags"]["cloister:part"] for thing in region.owned())
