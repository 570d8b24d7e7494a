# syntax=docker/dockerfile:1
# Keyward in a container. Not built by CI, which has no container engine: build it once by hand when it changes.
#
#   docker build --tag keyward .
#   docker run --publish 4000:4000 --volume keyward:/var/lib/keyward \
#     --volume ./keyward.toml:/etc/keyward/keyward.toml:ro --env NEXTAUTH_SECRET keyward

FROM rust:1.95-bookworm AS build
WORKDIR /source
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/source/target \
    cargo build --release --locked --package keyward-cli && cp target/release/keyward /keyward

FROM debian:bookworm-slim
# Roots of trust for requests to back ends over HTTPS.
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/keyward --create-home --shell /usr/sbin/nologin keyward
COPY --from=build /keyward /usr/local/bin/keyward
COPY LICENSE-APACHE LICENSE-MIT /usr/share/doc/keyward/
USER 10001
WORKDIR /var/lib/keyward
VOLUME /var/lib/keyward
EXPOSE 4000
# The image has no HTTP client; bash opens the connection itself.
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["bash", "-c", \
    "exec 3<>/dev/tcp/127.0.0.1/4000 && printf 'GET /readyz HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' >&3 && read -r _ status _ <&3 && [ \"$status\" = 200 ]"]
ENTRYPOINT ["keyward"]
CMD ["serve", "--config", "/etc/keyward/keyward.toml", "--listen", "0.0.0.0:4000", "--data", "/var/lib/keyward"]
