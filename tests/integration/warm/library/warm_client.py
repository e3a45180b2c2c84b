# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tell whose keys and which endpoint a client has, and whether this process had to make it."""

from __future__ import annotations

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.cloister.aws.plugins.module_utils._clients import Connection, clients


def main():
    module = AnsibleModule(argument_spec={})
    client = clients().get(Connection("us-west-2"), "sts")
    keys = client._request_signer._credentials
    module.exit_json(
        key=keys.access_key,
        secret=keys.secret_key,
        endpoint=client.meta.endpoint_url,
        made=[ask.service for ask in clients().made],
    )


if __name__ == "__main__":
    main()
