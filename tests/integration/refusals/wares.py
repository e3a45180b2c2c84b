"""Broken certificates and repositories."""

from __future__ import annotations

from tests.integration.refusals.broken import GONE, Appended, Broken, Renamed

CERTIFICATES, REGISTRY = "host_vars/certificates.yml", "host_vars/registry.yml"
CAS, DEFINED = "certificates_private_cas", "certificates_defined"
REPOSITORIES, CACHES = "registry_repositories", "registry_pull_through_caches"
PUBLIC, INNER, GUARD = (DEFINED, "public"), (DEFINED, "inner"), (REPOSITORIES, "guard")
HUB = {"name": "hub", "upstream": "registry-1.docker.io"}
PARTNER = {"name": "partner", "source": "imported", "certificate": "no PEM", "private_key": "-----no key"}

BROKEN = [
    # certificates
    Broken(CERTIFICATES, (*PUBLIC, "source"), GONE, f"{DEFINED}[0].source", "missing"),
    Broken(CERTIFICATES, (*PUBLIC, "source"), "amc", f"{DEFINED}[0].source", "did you mean acm?"),
    Broken(CERTIFICATES, (*PUBLIC, "domains"), "us.infer.example.com", f"{DEFINED}[0].domains", "not a list"),
    Broken(CERTIFICATES, (*PUBLIC, "domains"), Renamed("domain"), f"{DEFINED}[0].domain", "did you mean domains?"),
    Broken(
        CERTIFICATES, (*PUBLIC, "domains", 0), "us.infer.example.net", f"{DEFINED}[0].domains[0]", "does not lie in"
    ),
    Broken(CERTIFICATES, (*PUBLIC, "domains", 0), "US.infer.example.com", f"{DEFINED}[0].domains[0]", "in lowercase"),
    Broken(
        CERTIFICATES, (*PUBLIC, "zone"), "infer.exmaple.com", f"{DEFINED}[0].zone", "did you mean infer.example.com"
    ),
    Broken(CERTIFICATES, (*PUBLIC, "zone"), "prod.infer.example.internal", f"{DEFINED}[0].zone", "is private, and AWS"),
    Broken(CERTIFICATES, (*PUBLIC, "zone"), GONE, f"{DEFINED}[0].zone", "needs zone"),
    Broken(CERTIFICATES, (*INNER, "ca"), "inner-2", f"{DEFINED}[1].ca", "no private CA called"),
    Broken(CERTIFICATES, (*INNER, "domains", 0), "api.example.com", f"{DEFINED}[1].domains[0]", "may not vouch"),
    Broken(CERTIFICATES, (*INNER, "valid_days"), 30, f"{DEFINED}[1].renew_before_days", "is valid for 30"),
    Broken(CERTIFICATES, (*INNER, "key_algorithm"), "RSA_2048", f"{DEFINED}[1].key_algorithm", "keys on curves"),
    Broken(CERTIFICATES, (DEFINED,), Appended(PARTNER), f"{DEFINED}[2].certificate", "no certificate in PEM form"),
    Broken(CERTIFICATES, (CAS, "inner", "valid_days"), 1, f"{CAS}[0].valid_days", "from 30 to 7300"),
    # registry
    Broken(REGISTRY, (*GUARD, "name"), "us/guard", f"{REPOSITORIES}[0].name", "cannot be the name of a repository"),
    Broken(REGISTRY, (*GUARD, "name"), "face-generator", f"{REPOSITORIES}[1].name", "there already"),
    Broken(REGISTRY, (*GUARD, "keep_images"), 0, f"{REPOSITORIES}[0].keep_images", "from 1 to"),
    Broken(REGISTRY, (*GUARD, "keep_images"), "many", f"{REPOSITORIES}[0].keep_images", "a whole number"),
    Broken(REGISTRY, (*GUARD, "encryption"), "aes256", f"{REPOSITORIES}[0].encryption", "one of AES256, KMS"),
    Broken(REGISTRY, (*GUARD, "pull_principals"), ["*"], f"{REPOSITORIES}[0].pull_principals[0]", "Everybody"),
    Broken(REGISTRY, (*GUARD, "pull_principals"), [123], f"{REPOSITORIES}[0].pull_principals[0]", "quotes"),
    Broken(REGISTRY, (*GUARD, "mutable_tags"), ["a b"], f"{REPOSITORIES}[0].mutable_tags[0]", "no pattern of tags"),
    Broken(REGISTRY, (CACHES,), [HUB], f"{CACHES}[0].credentials_secret", "asks who pulls"),
    Broken(REGISTRY, (CACHES,), [{**HUB, "upstream": "docker.io"}], f"{CACHES}[0].upstream", "ECR does not pull from"),
]
