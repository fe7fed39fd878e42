# A static binary alone in an image: no shell, no package manager, not root.
#   docker build -t llmio .
#   docker run -p 7070:7070 -e TOKEN="$(openssl rand -hex 24)" -v llmio:/data llmio
FROM node:24-alpine AS console
WORKDIR /src/webui
COPY webui/package.json webui/package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY webui .
RUN npm run build

FROM rust:1.95-alpine AS build
RUN apk add --no-cache build-base
WORKDIR /src
COPY . .
COPY --from=console /src/webui/dist webui/dist
# On Alpine the compiler links musl, statically.
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    cargo build --release --locked -p llmio && \
    mkdir -p /image/data && cp target/release/llmio /image/llmio

FROM scratch
COPY --from=build /image/llmio /llmio
# The database and its key file. Certificate authorities are built into the binary; SSL_CERT_FILE adds more.
COPY --from=build --chown=65532:65532 /image/data /data
USER 65532:65532
# /app/db is there when it is mounted, as for the original LLMIO, whose database is taken over then.
WORKDIR /app
ENV LLMIO_HOST=0.0.0.0 LLMIO_SERVER_PORT=7070 LLMIO_DATABASE_FOLDERS=/app/db,/data
EXPOSE 7070
VOLUME /data
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=4s --start-period=5s CMD ["/llmio", "health"]
ENTRYPOINT ["/llmio"]
