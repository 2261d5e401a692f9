# Fairway's image: Node, the libraries it is linked with, and the bundle; the operator and the proxy are its two commands.
# `npm run image` makes the same one without an engine: both take what hack/image.ts lays out.
FROM docker.io/library/node:26-bookworm AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-fund --no-audit
COPY . .
RUN npm run image -- --root /root-of-image

FROM scratch
COPY --from=build /root-of-image /
USER 65532
ENTRYPOINT ["/usr/local/bin/node", "/app/main.js"]
