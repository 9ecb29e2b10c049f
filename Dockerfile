# syntax=docker/dockerfile:1
# Proved by npm run verify:image, which runs these very steps where there is no Docker engine.
ARG NODE_IMAGE=node:24-trixie-slim

# What these two stages make is the same for every platform, so they run on the machine that builds.
FROM --platform=$BUILDPLATFORM ${NODE_IMAGE} AS build
WORKDIR /app
COPY .npmrc package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts
COPY tsconfig.json tsconfig.browser.json ./
COPY scripts/prepare.mjs scripts/
COPY migrations migrations
COPY src src
# The rest makes `stagedoor` a command inside the container.
RUN node scripts/prepare.mjs --rebuild && chmod +x dist/src/cli.js && mkdir bin && ln -s ../dist/src/cli.js bin/stagedoor

FROM --platform=$BUILDPLATFORM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY .npmrc package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev --ignore-scripts

FROM ${NODE_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Stagedoor" \
      org.opencontainers.image.description="An OAuth 2.1 and OpenID Connect authorization server" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="https://github.com/stagedoor/stagedoor" \
      org.opencontainers.image.documentation="https://github.com/stagedoor/stagedoor/blob/main/docs/deployment.md" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

# A new volume takes its owner from here. Numbers, because Kubernetes cannot tell whether a name is root.
RUN install -d -o 65532 -g 65532 -m 0700 /data

WORKDIR /app
COPY LICENSE package.json ./
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY --from=build /app/bin bin

# The issuer is what `docker run -p 8080:8080` makes reachable; every other deployment must name its own.
ENV NODE_ENV=production \
    PATH=/app/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    OAUTH2_SERVER_HOST=0.0.0.0 \
    OAUTH2_ISSUER=http://localhost:8080 \
    OAUTH2_DATA_DIR=/data
USER 65532:65532
VOLUME ["/data"]
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --start-interval=1s --retries=3 \
    CMD ["node", "/app/dist/src/cli.js", "health"]
# The young generation is as small as npm start makes it.
ENTRYPOINT ["node", "--max-semi-space-size=8", "--heap-growing-percent=50", "--no-allocation-site-pretenuring", "/app/dist/src/cli.js"]
CMD ["serve"]
