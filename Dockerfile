# syntax=docker/dockerfile:1

FROM rust:1.95-bookworm AS build
WORKDIR /build
# The checked SQL reads the committed .sqlx data, never a database.
ENV SQLX_OFFLINE=true

# The dependencies, as a layer of their own that only Cargo.toml and Cargo.lock make stale.
COPY Cargo.toml Cargo.lock ./
RUN mkdir src \
    && echo 'fn main() {}' > src/main.rs \
    && touch src/lib.rs \
    && cargo build --profile dist --locked \
    && rm -r src target/dist/deps/*frontdesk* target/dist/.fingerprint/frontdesk-*

COPY . .
RUN cargo build --profile dist --locked --bin frontdesk

# No shell, no package manager; runs as user 65532.
FROM gcr.io/distroless/cc-debian12:nonroot
LABEL org.opencontainers.image.title="Frontdesk" \
      org.opencontainers.image.description="The front desk of self-hosted video rooms" \
      org.opencontainers.image.licenses="Apache-2.0 OR MIT"
COPY --from=build /build/LICENSE-* /usr/share/doc/frontdesk/
COPY --from=build /build/target/dist/frontdesk /usr/local/bin/frontdesk
ENV FRONTDESK_LISTEN=0.0.0.0:8180
EXPOSE 8180
USER 65532:65532
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD ["/usr/local/bin/frontdesk", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/frontdesk"]
CMD ["serve"]
