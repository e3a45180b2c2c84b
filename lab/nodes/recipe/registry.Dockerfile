FROM node
RUN apt-get update -qq && apt-get install -qq --yes --no-install-recommends docker-registry >/dev/null \
    && rm -rf /var/lib/apt/lists/*
# Debian's asks for a password.
RUN printf 'version: 0.1\nlog: {level: warn}\nstorage: {filesystem: {rootdirectory: /srv/registry}}\nhttp: {addr: ":5000"}\n' \
    >/etc/docker/registry/config.yml
CMD ["/usr/bin/docker-registry", "serve", "/etc/docker/registry/config.yml"]
