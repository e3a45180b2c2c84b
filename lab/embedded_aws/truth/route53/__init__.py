# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Route 53: private zones across VPCs and accounts, record changes as AWS takes and refuses them, health checks."""

from __future__ import annotations


def apply() -> None:
    """Put our actions in the place of moto's, and route the authorisation paths moto has not."""
    from moto.route53 import models, urls
    from moto.route53.responses import Route53

    from lab.embedded_aws.truth.patching import install
    from lab.embedded_aws.truth.route53 import associations, health_checks, records, zones

    for path in ("authorizevpcassociation", "deauthorizevpcassociation"):
        urls.url_paths[r"{0}/(?P<api_version>[\d_-]+)/hostedzone/(?P<zone_id>[^/]+)/" + path + "$"] = Route53.dispatch
    models.create_route53_zone_id = zones.new_zone_id
    install(
        Route53,
        zones.create_hosted_zone,
        zones.get_hosted_zone,
        zones.delete_hosted_zone,
        zones.list_hosted_zones,
        zones.list_hosted_zones_by_name,
        zones.list_hosted_zones_by_vpc,
        zones.list_tags_for_resource,
        zones.list_tags_for_resources,
        zones.get_change,
        associations.associate_vpc_with_hosted_zone,
        associations.disassociate_vpc_from_hosted_zone,
        associations.create_vpc_association_authorization,
        associations.delete_vpc_association_authorization,
        associations.list_vpc_association_authorizations,
        health_checks.create_health_check,
        health_checks.get_health_check,
        health_checks.update_health_check,
        health_checks.delete_health_check,
        health_checks.list_health_checks,
        health_checks.get_health_check_status,
        records.change_resource_record_sets,
        records.list_resource_record_sets,
    )
